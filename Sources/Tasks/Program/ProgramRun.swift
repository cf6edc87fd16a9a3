// Runs a program as a task, and kills every process that the program leaves behind.

package import CeleryCore
import Glibc
package import Processes
import Synchronization

/// One run of a program. Blocks the calling thread until the program and all its descendants have ended.
package struct ProgramRun: Sendable {
    package var path: String
    /// The arguments after the program's name: any bytes but NUL.
    package var args: [[UInt8]]
    package var environment: Environment
    package var folder: String
    /// The request as JSON, for standard input; empty for `/dev/null`.
    package var input: [UInt8]
    /// The program's argv[0]; `nil` uses its path.
    package var name: String?
    /// The bits that new files of the program do not get; `nil` uses our own.
    package var umask: UInt32?
    /// Seconds after which the program gets SIGTERM.
    package var softTimeLimit: Double?
    /// Seconds after which the program and all its descendants are killed.
    package var hardTimeLimit: Double?
    /// Maximum number of bytes of standard output to return.
    package var maxOutputBytes: Int
    /// Limit in bytes of the total memory of the program and its descendants, above which they are killed.
    package var memoryLimit: Int?
    /// The niceness of the program, 0 to 19. `nil`, or a value below our own, means our own.
    package var niceness: Int?
    /// The control groups that limit memory, if available.
    package var controlGroups: ControlGroupRoom?
    /// Lets another thread signal the program.
    package var stop: ProgramStop?
    /// Called for each line of standard error as it is written.
    package var onErrorLine: @Sendable (String) -> Void
    /// Bytes of each standard stream that are kept; 0 keeps nothing.
    package var keptOutputBytes = 0
    /// Maximum number of bytes of lines for `onErrorLine`, each with the rest of its log line.
    package var logBytes = 1 << 20
    /// Called with what is kept so far, a few times a second at most.
    package var onOutput: @Sendable (TaskOutput) -> Void = { _ in }
    /// Called with progress and notes that the program tells on its channel, a few times a second at most.
    package var onNews: @Sendable (JSONObject) -> Void = { _ in }

    /// How a program ended.
    package struct Ending: Sendable {
        package var status: WaitStatus
        package var output: [UInt8]
        /// Whether the program wrote more than `maxOutputBytes` to standard output.
        package var outputIsCut: Bool
        /// The end of standard error.
        package var errorOutput: String
        /// The end of standard output.
        package var outputTail: String
        /// What is kept of both streams.
        package var kept: TaskOutput
        /// What the program said on its channel.
        package var story: TaskStory
        /// What was wrong with the first unreadable lines of the channel.
        package var complaints: [String]
        /// Whether the program got SIGTERM at its soft limit.
        package var passedSoftLimit: Bool
        /// Whether the program was killed at its hard limit.
        package var passedHardLimit: Bool
        /// The peak memory in bytes, if the program was killed for it.
        package var passedMemoryLimit: Int?
        /// Whether the kernel killed the program for lack of memory although the program was within its limit or had none.
        package var isOutOfMemory: Bool
        /// Number of processes that the program left behind, which were killed.
        package var leftovers: Int
    }

    package init(
        path: String, args: [[UInt8]], environment: Environment, folder: String, input: [UInt8],
        softTimeLimit: Double?, hardTimeLimit: Double?, maxOutputBytes: Int,
        onErrorLine: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        self.args = args
        self.environment = environment
        self.folder = folder
        self.input = input
        self.softTimeLimit = softTimeLimit
        self.hardTimeLimit = hardTimeLimit
        self.maxOutputBytes = maxOutputBytes
        self.onErrorLine = onErrorLine
    }

    private struct Current {
        /// The process group of the running program; 0 for none.
        var group: ProcessID = 0
        /// Whether no more programs may start.
        var isOver = false
    }

    private static let current = Mutex(Current())

    /// The number of the channel's descriptor in the program. A single digit, because other ones cannot be redirected to in a
    /// portable shell script, and not one that scripts often use themselves, as 3 and 9.
    package static let channelNumber: Int32 = 7

    /// Kills the running program and prevents others from starting, since the worker is gone. Called from another thread.
    package static func killCurrent() {
        let group = current.withLock { current in
            current.isOver = true
            return current.group
        }
        if group > 0 { kill(-group, SIGKILL) }
        if Descendants.isSubreaper { _ = Descendants.reap() }
    }

    /// Runs the program. Blocks until it has ended.
    ///
    /// - Throws: `SystemError` when the program cannot be started or watched; then it does not run any more.
    package func run() throws(SystemError) -> Ending {
        let standardOutput = try Pipe()
        let standardError = try Pipe()
        let channel = try Pipe()
        // A program must never wait for us; and the pipe may still be open in a process that could not be killed.
        try channel.writeEnd.setNonBlocking()
        try channel.readEnd.setNonBlocking()
        var spawn = Spawn(path, arguments: [Array((name ?? path).utf8)] + args, environment: environment)
        spawn.workingDirectory = folder
        spawn.standardInput = input.isEmpty ? .null : .descriptor(try MemoryFile.make(input))
        spawn.standardOutput = .descriptor(standardOutput.writeEnd)
        spawn.standardError = .descriptor(standardError.writeEnd)
        spawn.inherited = [Self.channelNumber: channel.writeEnd]
        spawn.environment[TaskTelling.variable] = String(Self.channelNumber)
        spawn.placement = .newGroup
        var bound = memoryLimit.map { MemoryBound(limit: $0, room: controlGroups) }
        spawn.confinement = bound?.confinement
        let killsBefore = OutOfMemoryCount.own.read()
        let process: SpawnedProcess
        do {
            process = try start(spawn)
        } catch {
            _ = bound?.close(wasKilled: false)
            throw error
        }
        standardOutput.writeEnd.close()
        standardError.writeEnd.close()
        channel.writeEnd.close()

        var streams = ProgramStreams(
            output: standardOutput.readEnd, errors: standardError.readEnd, channel: channel.readEnd, maxOutputBytes: maxOutputBytes,
            keeping: keptOutputBytes, logLimit: logBytes, onErrorLine: onErrorLine, onNews: onNews, onOutput: onOutput)
        let passed: Passed
        do throws(SystemError) {
            passed = try watch(process, &streams, &bound)
        } catch {
            // Left alone, it would run on unwatched.
            Self.current.withLock { $0.group = 0 }
            stop?.ended()
            kill(-process.id, SIGKILL)
            _ = try? process.wait()
            if Descendants.isSubreaper { _ = Descendants.reap() }
            _ = bound?.close(wasKilled: false)
            throw error
        }
        Self.current.withLock { $0.group = 0 }
        stop?.ended()
        // Kills the remaining processes of the group here, and descendants outside the group below.
        kill(-process.id, SIGKILL)
        let termination = try process.wait()
        // If this process does not inherit orphans, its other children do not belong to the program.
        let leftovers = Descendants.isSubreaper ? Descendants.reap().killed.count : 0
        streams.drain()
        let peak = bound?.close(wasKilled: passed.memory)
        let wasKilled: Bool = if case .signaled(SIGKILL, _) = termination.status { true } else { false }
        return Ending(
            status: termination.status, output: streams.output, outputIsCut: streams.outputIsCut,
            errorOutput: streams.errorTail, outputTail: streams.outputTail, kept: streams.kept,
            story: streams.channel.story, complaints: streams.channel.complaints,
            passedSoftLimit: passed.soft, passedHardLimit: passed.hard,
            // A program that succeeded was not killed itself; only a descendant was.
            passedMemoryLimit: termination.status == .exited(0) ? nil : peak,
            isOutOfMemory: wasKilled && !passed.hard && OutOfMemoryCount.own.read() > killsBefore, leftovers: leftovers)
    }

    /// Starts the program with its niceness.
    ///
    /// On Linux, niceness is an attribute of a thread, programs inherit it from the thread that starts them, and lowering
    /// it again needs privileges. Therefore a short-lived thread starts the program.
    private func start(_ spawn: Spawn) throws(SystemError) -> SpawnedProcess {
        guard let niceness, niceness > getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) else { return try startHere(spawn) }
        let box = NiceStart { () throws(SystemError) in
            // If this fails, the program runs with our own niceness.
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, Int32(niceness))
            return try startHere(spawn)
        }
        var thread = pthread_t()
        let reference = Unmanaged.passUnretained(box)
        let status = pthread_create(&thread, nil, { argument in
            Unmanaged<NiceStart>.fromOpaque(argument!).takeUnretainedValue().run()
            return nil
        }, reference.toOpaque())
        guard status == 0 else { throw SystemError(status, "run", path: path) }
        pthread_join(thread, nil)
        return try withExtendedLifetime(box) { () throws(SystemError) in try box.result!.get() }
    }

    private func startHere(_ spawn: Spawn) throws(SystemError) -> SpawnedProcess {
        try Self.current.withLock { (current) throws(SystemError) in
            if current.isOver { throw SystemError(ECANCELED, "run", path: path, reason: "the worker is gone") }
            // A program inherits it, and nothing else in a pool child creates files meanwhile.
            let mask = umask.map { Glibc.umask($0) }
            defer { if let mask { _ = Glibc.umask(mask) } }
            let process = try spawn.start()
            stop?.began(process.id)
            do throws(SystemError) {
                let watched = try process.watched()
                current.group = process.id
                return watched
            } catch {
                // Do not leave a program running that cannot be watched.
                stop?.ended()
                kill(-process.id, SIGKILL)
                _ = try? process.wait()
                throw error
            }
        }
    }

    /// The limits that a program exceeded.
    private struct Passed {
        var soft = false
        var hard = false
        var memory = false
    }

    /// Collects the program's output and enforces its limits until it has ended.
    private func watch(
        _ process: SpawnedProcess, _ streams: inout ProgramStreams, _ bound: inout MemoryBound?
    ) throws(SystemError) -> Passed {
        let started = ContinuousClock.now
        let hard = hardTimeLimit.map { started + .seconds($0) }
        var soft = softTimeLimit.map { started + .seconds($0) }
        var passed = Passed()
        while true {
            let check = bound?.interval.map { ContinuousClock.now + $0 }
            let next = [soft, hard, check].compactMap { $0 }.min()
            let ended = try streams.pump(until: process.pidfd!, timeout: next.map { max(.zero, $0 - .now) })
            if ended { return passed }
            if bound?.look() == true {
                kill(-process.id, SIGKILL)
                _ = try process.waitUntilEnded(timeout: nil)
                passed.memory = true
                return passed
            }
            if let limit = hard, limit <= .now {
                kill(-process.id, SIGKILL)
                _ = try process.waitUntilEnded(timeout: nil)
                passed.hard = true
                return passed
            }
            if let limit = soft, limit <= .now {
                kill(-process.id, SIGTERM)
                passed.soft = true
                soft = nil
            }
        }
    }
}

/// Starts a program on a separate thread.
private final class NiceStart {
    private let body: () throws(SystemError) -> SpawnedProcess
    /// Set by the thread; read it only after the thread was joined.
    private(set) var result: Result<SpawnedProcess, SystemError>?

    init(_ body: @escaping () throws(SystemError) -> SpawnedProcess) { self.body = body }

    func run() {
        result = Result { () throws(SystemError) in try body() }
    }
}
