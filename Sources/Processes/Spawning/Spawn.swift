// How this module handles processes.
//
// A Swift process has threads, and a fork would copy all their locks but only one thread, so nothing here
// forks. Programs (tasks, pool children, the daemon itself) are started by posix_spawn, whose
// child shares our memory only until exec: `Spawn` returns a `SpawnedProcess`, which ends in a `Termination`.
// To become a daemon, the process executes its own binary again: `Daemonizer` on the side of the terminal, `Role`
// and `Readiness` on the side of the daemon.
//
// This module also ends the processes that a program leaves behind: `ProcessGroup` sends increasingly forceful
// signals, and `Descendants`, as a subreaper, finds even processes in other sessions.
// `PIDFile`, `ProcessIdentity` and `SystemdNotifier` publish the identity and state of this process.
//
// Every descriptor is close-on-exec and has one owner (`OwnedDescriptor`); every call that can fail goes
// through `Syscall`; every failure is a `SystemError`. Events arrive on descriptors (pidfd, signalfd, eventfd),
// so that one `Poller` can wait for all of them. Linux 5.3 and glibc 2.34 are the minimum versions.

import Glibc

/// A program to be started. The value can be reused for several starts.
package struct Spawn: Sendable {
    /// The target of a standard stream.
    package enum Stream: Sendable {
        /// The stream of this process.
        case inherit
        /// `/dev/null`.
        case null
        /// An open file.
        case descriptor(OwnedDescriptor)
    }

    /// The process group and session of the program, which determine the signals that reach it.
    package enum Placement: Sendable {
        /// The group of this process.
        case sameGroup
        /// A new group; its number is the process id.
        case newGroup
        /// A new session without a terminal, with a new group.
        case newSession
    }

    /// Path of the program. PATH is not searched; a relative path is relative to `workingDirectory`.
    package var executable: String
    /// The complete argv, beginning with argv[0].
    package var arguments: [[UInt8]]
    /// The variables of the program.
    package var environment: Environment
    /// The working folder of the program; `nil` is that of this process.
    package var workingDirectory: String?
    package var standardInput = Stream.inherit
    package var standardOutput = Stream.inherit
    package var standardError = Stream.inherit
    /// Further descriptors by their number in the program. All others are closed there.
    package var inherited: [Int32: OwnedDescriptor] = [:]
    package var placement = Placement.sameGroup
    /// Memory limits from the program's first instruction on.
    package var confinement: Confinement?

    /// Limits of a program's memory.
    package struct Confinement: Sendable {
        /// The control group of the program and its descendants.
        package var group: ControlGroup?
        /// Maximum bytes of data of the program and of each descendant (RLIMIT_DATA).
        package var dataLimit: Int?

        package init(group: ControlGroup? = nil, dataLimit: Int? = nil) {
            self.group = group
            self.dataLimit = dataLimit
        }
    }

    package init(_ executable: String, arguments: [String], environment: Environment) {
        self.init(executable, arguments: arguments.map { Array($0.utf8) }, environment: environment)
    }

    /// A program whose arguments may be any bytes but NUL.
    package init(_ executable: String, arguments: [[UInt8]], environment: Environment) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the program, and returns when exec has succeeded or failed.
    ///
    /// - Parameter pidfd: Whether to open a descriptor for waiting.
    /// - Throws: `SystemError` with the cause in words: see `SpawnDiagnosis`.
    ///
    /// The corresponding C function is `posix_spawn`.
    package func start(pidfd: Bool = false) throws(SystemError) -> SpawnedProcess {
        let operation = "run"
        let argv = try CStringBlock(arguments, of: operation, path: executable) { "argument \($0)" }
        let envp = try CStringBlock(environment.entries, of: operation, path: executable) {
            "environment variable \(String(decoding: environment.entries[$0].prefix { $0 != 0x3D }, as: UTF8.self))"
        }
        for path in [executable, workingDirectory ?? ""] where path.utf8.contains(0) {
            throw SystemError(EINVAL, operation, path: executable, reason: "a path contains a NUL byte")
        }
        if let confinement {
            let pid = try startConfined(confinement, argv, envp)
            return pidfd ? try watched(pid) : SpawnedProcess(id: pid, pidfd: nil)
        }
        var actions = SpawnFileActions()
        try actions.prepare(self)
        let attributes = switch placement {
        case .sameGroup: SpawnAttributes.sameGroup
        case .newGroup: SpawnAttributes.newGroup
        case .newSession: SpawnAttributes.newSession
        }
        var pid: ProcessID = 0
        // `self` holds the descriptors that the actions name by number.
        let code = withExtendedLifetime(self) {
            posix_spawn(&pid, executable, &actions.raw, attributes.pointer, argv.pointers, envp.pointers)
        }
        if code != 0 { throw SpawnDiagnosis(self).error(for: code) }
        return pidfd ? try watched(pid) : SpawnedProcess(id: pid, pidfd: nil)
    }

    /// The process with a descriptor for waiting.
    private func watched(_ pid: ProcessID) throws(SystemError) -> SpawnedProcess {
        do {
            return try SpawnedProcess(id: pid, pidfd: nil).watched()
        } catch {
            // Out of descriptors: do not leave a program running that cannot be watched.
            kill(pid, SIGKILL)
            _ = try? SpawnedProcess(id: pid, pidfd: nil).wait()
            throw error
        }
    }
}
