import DequeModule
import Glibc
import Processes

/// The worker's view of one child. Belongs to the pool's thread.
struct PoolChild {
    let number: Int
    let process: SpawnedProcess
    let pidfd: OwnedDescriptor
    var channel: FrameChannel
    /// Jobs it has, the first being under way.
    var line: Deque<JobRequest> = []
    /// When the first of the line began.
    var headStarted = ContinuousClock.now
    var isReady = false
    /// It gets no more jobs and exits after those it has.
    var isFinishing = false
    /// It was asked to give back what it has not begun.
    var isRecalled = false
    /// It was killed at the hard limit of its job, in seconds.
    var killedAtLimit: Double?
    /// It was killed for the memory it held while it ran a job: so many bytes.
    var killedAtMemory: Int?
    var jobsGiven = 0

    /// Tokens of its two descriptors in the poller.
    var socketToken: UInt64 { UInt64(number) * 2 }
    var exitToken: UInt64 { UInt64(number) * 2 + 1 }

    /// Starts a child.
    ///
    /// - Throws: `SystemError` when it cannot be executed.
    static func start(_ number: Int, _ configuration: PoolConfiguration, environment: Environment) throws(SystemError) -> PoolChild {
        let sockets = try SocketPair()
        let arguments = configuration.arguments + (configuration.controlGroups.map { [$0.path] } ?? [])
        var spawn = Spawn(configuration.executable, arguments: arguments, environment: environment)
        spawn.workingDirectory = configuration.folder
        spawn.standardInput = .null
        spawn.inherited = [PoolChildMain.socketNumber: sockets.far]
        // Out of reach of the terminal's Ctrl-C: the worker decides what it means.
        spawn.placement = .newGroup
        let process = try spawn.start(pidfd: true)
        sockets.far.close()
        return PoolChild(
            number: number, process: process, pidfd: process.pidfd!, channel: try FrameChannel(sockets.near))
    }

    mutating func give(_ job: JobRequest) {
        if line.isEmpty { headStarted = .now }
        line.append(job)
        jobsGiven += 1
        channel.enqueue(Frame.job(job).encoded())
    }

    /// Takes a job off the line: it has ended.
    mutating func remove(_ tag: Int64) -> JobRequest? {
        guard let index = line.firstIndex(where: { $0.tag == tag }) else { return nil }
        if index == 0 { headStarted = .now }
        return line.remove(at: index)
    }

    /// When the worker itself must kill it, if a job is under way that has a limit.
    ///
    /// A program is killed by the child, which knows its processes; the worker steps in
    /// only if that does not happen.
    var killTime: ContinuousClock.Instant? {
        guard let head = line.first, let limit = head.hardTimeLimit, killedAtLimit == nil else { return nil }
        return headStarted + .seconds(limit) + (head.program == nil ? .zero : .seconds(10))
    }

    /// Resident memory in kilobytes, from `/proc/PID/statm`; 0 when it is gone.
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
