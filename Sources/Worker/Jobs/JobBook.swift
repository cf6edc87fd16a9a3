import CeleryCore

/// The jobs of a worker that have been admitted and have not ended.
final class JobBook {
    private var jobs: [Int64: Job] = [:]
    private var lastNumber: Int64 = 0

    var count: Int { jobs.count }
    var isEmpty: Bool { jobs.isEmpty }

    /// All of them, in no order.
    var all: some Collection<Job> { jobs.values }

    /// All of them, in the order of their admission.
    var sorted: [Job] { jobs.values.sorted { $0.number < $1.number } }

    /// A number for another job; never used twice.
    func nextNumber() -> Int64 {
        lastNumber += 1
        return lastNumber
    }

    func add(_ job: Job) { jobs[job.number] = job }

    subscript(number: Int64) -> Job? { jobs[number] }

    /// The job of a task; `nil` when there is none here.
    func job(of id: TaskID) -> Job? { jobs.values.first { $0.id == id } }

    /// Takes a job out that has come to its end.
    func end(_ number: Int64) -> Job? {
        let job = jobs.removeValue(forKey: number)
        job?.end()
        return job
    }

    /// Takes a job out that leaves unbegun.
    func withdraw(_ number: Int64) -> Job? {
        let job = jobs.removeValue(forKey: number)
        job?.withdraw()
        return job
    }
}
