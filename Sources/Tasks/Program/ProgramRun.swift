// Running a program as a task: arguments in, return value out, and nothing left behind.

import Glibc
package import Processes
import Synchronization

/// One run of a program. Blocks the calling thread until the program and all it started are gone.
package struct ProgramRun: Sendable {
    package var path: String
    package var args: [String]
    package var environment: Environment
    package var folder: String
    /// The whole request as JSON, for the program's stdin.
    package var input: [UInt8]
    /// Seconds after which the program gets SIGTERM.
    package var softTimeLimit: Double?
    /// Seconds after which the program and all it started are killed.
    package var hardTimeLimit: Double?
    /// Bytes of stdout that are kept.
    package var maxOutputBytes: Int
    /// Bytes of memory that the program and all it started may hold together; above that they are killed.
    package var memoryLimit: Int?
    /// Where the kernel can bound memory, if there is such a place.
    package var controlGroups: ControlGroupRoom?
    /// Ends it from outside.
    package var stop: ProgramStop?
    /// Called for each line of stderr as it comes.
    package var onErrorLine: @Sendable (String) -> Void

    /// How a program ended.
    package struct Ending: Sendable {
        package var status: WaitStatus
        package var output: [UInt8]
        /// It wrote more than was kept.
        package var outputIsCut: Bool
        /// The tail of stderr.
        package var errorOutput: String
        /// It was told to stop at its soft limit.
        package var passedSoftLimit: Bool
        /// It was killed at its hard limit.
        package var passedHardLimit: Bool
        /// It was killed for its memory: the most bytes there were.
        package var passedMemoryLimit: Int?
        /// The kernel killed it although it has no limit of memory, or was within it.
        package var isOutOfMemory: Bool
        /// Processes it left behind, which were killed.
        package var leftovers: Int
    }

    package init(
        path: String, args: [String], environment: Environment, folder: String, input: [UInt8],
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
        /// The process group under way in this process; 0 for none.
        var group: ProcessID = 0
        /// No program is started any more.
        var isOver = false
    }

    private static let current = Mutex(Current())

    /// Kills what runs now, from another thread, and lets no other start: the worker is gone.
    package static func killCurrent() {
        let group = current.withLock { current in
            current.isOver = true
            return current.group
        }
        if group > 0 { kill(-group, SIGKILL) }
        if Descendants.isSubreaper { _ = Descendants.reap() }
    }

    /// Runs the program.
    ///
    /// - Throws: `SystemError` when it cannot be started; the text says why.
    package func run() throws(SystemError) -> Ending {
        let standardOutput = try Pipe()
        let standardError = try Pipe()
        var spawn = Spawn(path, arguments: [path] + args, environment: environment)
        spawn.workingDirectory = folder
        spawn.standardInput = .descriptor(try MemoryFile.make(input))
        spawn.standardOutput = .descriptor(standardOutput.writeEnd)
        spawn.standardError = .descriptor(standardError.writeEnd)
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
        stop?.began(process.id)
        standardOutput.writeEnd.close()
        standardError.writeEnd.close()

        var streams = ProgramStreams(
            output: standardOutput.readEnd, errors: standardError.readEnd, maxOutputBytes: maxOutputBytes,
            onErrorLine: onErrorLine)
        let passed = try watch(process, &streams, &bound)
        Self.current.withLock { $0.group = 0 }
        stop?.ended()
        // The group first, then those that left it.
        kill(-process.id, SIGKILL)
        let termination = try process.wait()
        // Where orphans go elsewhere, the children that are left are somebody else's.
        let leftovers = Descendants.isSubreaper ? Descendants.reap().killed.count : 0
        streams.drain()
        let peak = bound?.close(wasKilled: passed.memory)
        let wasKilled: Bool = if case .signaled(SIGKILL, _) = termination.status { true } else { false }
        return Ending(
            status: termination.status, output: streams.output, outputIsCut: streams.outputIsCut,
            errorOutput: streams.errorTail, passedSoftLimit: passed.soft, passedHardLimit: passed.hard,
            // Something it started may have been killed, and the program have lived well without it.
            passedMemoryLimit: termination.status == .exited(0) ? nil : peak,
            isOutOfMemory: wasKilled && !passed.hard && OutOfMemoryCount.own.read() > killsBefore, leftovers: leftovers)
    }

    private func start(_ spawn: Spawn) throws(SystemError) -> SpawnedProcess {
        try Self.current.withLock { (current) throws(SystemError) in
            if current.isOver { throw SystemError(ECANCELED, "run", path: path, reason: "the worker is gone") }
            let process = try spawn.start(pidfd: true)
            current.group = process.id
            return process
        }
    }

    /// Which limits a program passed.
    private struct Passed {
        var soft = false
        var hard = false
        var memory = false
    }

    /// Follows the program until it has ended, enforcing its limits.
    private func watch(
        _ process: SpawnedProcess, _ streams: inout ProgramStreams, _ bound: inout MemoryBound?
    ) throws(SystemError) -> Passed {
        let started = ContinuousClock.now
        let hard = hardTimeLimit.map { started + .seconds($0) }
        var soft = softTimeLimit.map { started + .seconds($0) }
        var passed = Passed()
        while true {
            let look = bound?.interval.map { ContinuousClock.now + $0 }
            let next = [soft, hard, look].compactMap { $0 }.min()
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
