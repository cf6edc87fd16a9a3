import CeleryCore

/// A worker's jobs that have been admitted and have not ended.
final class JobBook {
    private var jobs: [Int64: Job] = [:]
    private var lastNumber: Int64 = 0
    /// The number of jobs that need no child.
    private(set) var calls = 0

    var count: Int { jobs.count }
    var isEmpty: Bool { jobs.isEmpty }

    /// All jobs, unordered.
    var all: some Collection<Job> { jobs.values }

    /// All jobs in order of admission.
    var sorted: [Job] { jobs.values.sorted { $0.number < $1.number } }

    /// A number for a new job; never used twice.
    func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    func add(_ job: Job) {
        jobs[job.number] = job
        if job.isCall { calls += 1 }
    }

    subscript(number: Int64) -> Job? { jobs[number] }

    /// The job of a task; `nil` when this worker has none.
    func job(of id: TaskID) -> Job? { jobs.values.first { $0.id == id } }

    /// Removes a job that has ended.
    func end(_ number: Int64) -> Job? {
        let job = remove(number)
        job?.end()
        return job
    }

    /// Removes a job that leaves the worker unbegun.
    func withdraw(_ number: Int64) -> Job? {
        let job = remove(number)
        job?.withdraw()
        return job
    }

    private func remove(_ number: Int64) -> Job? {
        let job = jobs.removeValue(forKey: number)
        if job?.isCall == true { calls -= 1 }
        return job
    }
}
