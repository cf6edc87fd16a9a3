import CLinux
import Glibc

/// The running program, to be executed again.
package enum OwnExecutable {
    /// The running program file, even if it has been replaced on disk: for pool children, which must use the same
    /// protocol. Processes started by this path are listed as `exe` until they call `restoreName`.
    package static let path = "/proc/self/exe"

    /// The file now at the path that this process was started from: after an upgrade, the new version.
    package static var pathOnDisk: String {
        let link = ProcFile.link(path) ?? path
        let name = link.hasSuffix(" (deleted)") ? String(link.dropLast(10)) : link
        return access(name, X_OK) == 0 ? name : path
    }

    /// Makes `ps` and `pgrep` list this process by the name in its arguments.
    ///
    /// The corresponding C function is `prctl` with `PR_SET_NAME`.
    package static func restoreName(_ arguments: [String] = CommandLine.arguments) {
        if let name = arguments.first?.split(separator: "/").last { _ = celery_set_process_name(String(name)) }
    }

    /// Limits the number of heaps that threads share. Each further heap costs a command half a millisecond
    /// and a worker a megabyte, and few threads here allocate at the same time.
    ///
    /// The corresponding C function is `mallopt` with `M_ARENA_MAX`.
    package static func limitHeaps(to count: Int32) { _ = celery_limit_heaps(count) }

    /// Executes the program again in the same process: new settings, perhaps a new version, but the same process id and
    /// pidfile, whose lock is never released. The new program finds itself in `Role.restarted`.
    ///
    /// The corresponding C function is `execve`. Other threads are terminated, so finish their work first.
    package static func restart(
        keeping pidFile: PIDFile?, _ supervisor: SupervisorLink? = nil, arguments: [String] = CommandLine.arguments,
        environment: Environment = .current()
    ) throws(SystemError) -> Never {
        var environment = environment
        environment[Role.variable] = Role.text(
            "restarted", pidFile: pidFile?.descriptor.number, link: supervisor?.descriptor.number, path: pidFile?.path)
        let program = pathOnDisk
        let argv = try CStringBlock(arguments.lazy.map(\.utf8), of: "restart", path: program) { "argument \($0)" }
        let envp = try CStringBlock(environment.entries, of: "restart", path: program) { "environment entry \($0)" }
        try pidFile?.descriptor.setCloseOnExec(false)
        try supervisor?.descriptor.setCloseOnExec(false)
        execve(program, argv.pointers, envp.pointers)
        let code = errno
        try pidFile?.descriptor.setCloseOnExec(true)
        try supervisor?.descriptor.setCloseOnExec(true)
        throw SystemError(code, "restart", path: program)
    }
}
