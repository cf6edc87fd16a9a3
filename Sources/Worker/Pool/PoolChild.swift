import DequeModule
import Glibc
import Processes

/// The worker's view of one child. Used only on the pool's thread.
struct PoolChild {
    let number: Int
    /// Its slot in the flight record.
    let slot: Int
    let process: SpawnedProcess
    let pidfd: OwnedDescriptor
    var channel: FrameChannel
    /// The jobs assigned to the child, in order. The first one is running.
    var line: Deque<JobRequest> = []
    /// When the first job began.
    var headStarted = ContinuousClock.now
    var isReady = false
    /// The child gets no more jobs and exits after its current ones.
    var isFinishing = false
    /// The child was asked to return the jobs that have not begun.
    var isRecalled = false
    /// The hard limit of its job, in seconds, if the child was killed for it.
    var killedAtLimit: Double?
    /// The child's memory in bytes, if the child was killed for it.
    var killedAtMemory: Int?
    /// The jobs that the child was told to terminate, by tag. It gets no other jobs until they have ended or were returned.
    var endings: [Int64: Ending] = [:]
    var jobsGiven = 0

    /// Token of the socket in the poller.
    var socketToken: UInt64 { UInt64(number) * 2 }
    /// Token of the pidfd in the poller.
    var exitToken: UInt64 { UInt64(number) * 2 + 1 }

    /// Starts a child.
    ///
    /// - Parameter flight: The flight record, if the pool has one.
    /// - Throws: `SystemError` when the program cannot be executed.
    static func start(
        _ number: Int, slot: Int, _ configuration: PoolConfiguration, environment: Environment, flight: OwnedDescriptor?
    ) throws(SystemError) -> PoolChild {
        let sockets = try SocketPair()
        let recorded = slot < FlightRecord.slotCount ? flight : nil
        var words = configuration.arguments + [recorded == nil ? "-" : String(slot)]
        if let groups = configuration.controlGroups { words.append(groups.path) }
        var spawn = Spawn(configuration.executable, arguments: words, environment: environment)
        spawn.workingDirectory = configuration.folder
        spawn.standardInput = .null
        spawn.inherited = [PoolChildMain.socketNumber: sockets.far]
        if let recorded { spawn.inherited[PoolChildMain.flightNumber] = recorded }
        // A separate process group keeps the terminal's Ctrl-C from the child: the worker decides what to do.
        spawn.placement = .newGroup
        let process = try spawn.start(pidfd: true)
        sockets.far.close()
        return PoolChild(
            number: number, slot: slot, process: process, pidfd: process.pidfd!, channel: try FrameChannel(sockets.near))
    }

    /// Assigns a job to the child.
    mutating func give(_ job: JobRequest) {
        if line.isEmpty { headStarted = .now }
        line.append(job)
        jobsGiven += 1
        channel.enqueue(Frame.job(job).encoded())
    }

    /// Removes a job that has ended or was returned from the child's queue.
    mutating func remove(_ tag: Int64) -> JobRequest? {
        guard let index = line.firstIndex(where: { $0.tag == tag }) else { return nil }
        if index == 0 { headStarted = .now }
        return line.remove(at: index)
    }

    /// When the worker must kill the child because its running job exceeds the hard limit; `nil` without a limit.
    ///
    /// A program is killed by the child, which knows its processes. The worker waits 10 seconds longer before it kills the child.
    var killTime: ContinuousClock.Instant? {
        guard let head = line.first, let limit = head.hardTimeLimit, killedAtLimit == nil else { return nil }
        return headStarted + .seconds(limit) + (head.isProgram ? .seconds(10) : .zero)
    }

    /// Resident memory in kilobytes, from `/proc/PID/statm`; 0 when the process is gone.
    var residentKilobytes: Int {
        let descriptor = open("/proc/\(process.id)/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &bytes, bytes.count)
        let fields = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) / 1024 : 0
    }
}
