// How this room works with processes.
//
// A process that runs Swift has threads, and a forked copy of it has all of their locks but only one of them;
// so nothing here forks. Programs (tasks, pool children, the daemon itself) start through posix_spawn, whose
// child shares our memory only until it executes: `Spawn`, giving a `SpawnedProcess`, ending in a `Termination`.
// To become a daemon we execute our own binary again: `Daemonizer` on the terminal's side, `Role` and
// `Readiness` on the daemon's.
//
// What a program leaves behind is ours to end: `ProcessGroup` signals politely and then less so, and
// `Descendants`, being subreaper, finds even those that went off into sessions of their own.
// `PIDFile`, `ProcessIdentity` and `SystemdNotifier` tell others who we are and how we are.
//
// Every descriptor is close-on-exec and has one owner (`OwnedDescriptor`); every call that can fail goes
// through `Syscall`; every failure is a `SystemError`. Waiting is done on descriptors (pidfd, signalfd, eventfd),
// so that one `Poller` can wait for all of it. Linux 5.3 and glibc 2.34 are the oldest that will do.

import Glibc

/// A program to be started: a value that may be kept and started many times.
package struct Spawn: Sendable {
    /// Where a standard stream of the program leads.
    package enum Stream: Sendable {
        /// To where ours leads.
        case inherit
        /// To `/dev/null`.
        case null
        /// To this open file.
        case descriptor(OwnedDescriptor)
    }

    /// Whom signals from a terminal or to a process group will reach.
    package enum Placement: Sendable {
        /// The group of this process.
        case sameGroup
        /// A group of its own: its number is the process id.
        case newGroup
        /// A session of its own, without a terminal, and a group of its own in it.
        case newSession
    }

    /// Path of the program. PATH is not searched; a relative path starts at `workingDirectory`.
    package var executable: String
    /// All of argv, beginning with the program's name for itself.
    package var arguments: [String]
    /// The variables of the program.
    package var environment: Environment
    /// Where the program starts; `nil` is where we are.
    package var workingDirectory: String?
    package var standardInput = Stream.inherit
    package var standardOutput = Stream.inherit
    package var standardError = Stream.inherit
    /// Further descriptors, by the number they get in the program. All others are closed there.
    package var inherited: [Int32: OwnedDescriptor] = [:]
    package var placement = Placement.sameGroup
    /// Bounds that hold from the program's first instruction on.
    package var confinement: Confinement?

    /// Bounds of a program's memory.
    package struct Confinement: Sendable {
        /// The control group it and all it starts are in.
        package var group: ControlGroup?
        /// Bytes of data it may ask for, and each process it starts (RLIMIT_DATA).
        package var dataLimit: Int?

        package init(group: ControlGroup? = nil, dataLimit: Int? = nil) {
            self.group = group
            self.dataLimit = dataLimit
        }
    }

    package init(_ executable: String, arguments: [String], environment: Environment) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts the program and returns when it executes or has failed to.
    ///
    /// - Parameter pidfd: Opens a descriptor to wait for its end on.
    /// - Throws: `SystemError` with the cause in words: see `SpawnDiagnosis`.
    ///
    /// The corresponding C function is `posix_spawn`.
    package func start(pidfd: Bool = false) throws(SystemError) -> SpawnedProcess {
        let operation = "run"
        let argv = try CStringBlock(arguments.lazy.map(\.utf8), of: operation, path: executable) { "argument \($0)" }
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

    /// The process with a descriptor to wait on.
    private func watched(_ pid: ProcessID) throws(SystemError) -> SpawnedProcess {
        do {
            return SpawnedProcess(id: pid, pidfd: try SpawnedProcess.openPIDFD(pid))
        } catch {
            // Out of descriptors: a program that nobody can watch must not stay behind an error.
            kill(pid, SIGKILL)
            _ = try? SpawnedProcess(id: pid, pidfd: nil).wait()
            throw error
        }
    }
}
