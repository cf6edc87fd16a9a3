import CLinux
import Glibc

/// The worker's end of the connection to its supervisor. The worker sends the datagrams of sd_notify(3), and detects by the
/// end of the connection that the supervisor is gone.
package struct SupervisorLink: Sendable {
    let descriptor: OwnedDescriptor

    /// Whether this worker continues the work of one that died.
    package let goesOn: Bool

    /// Sends a datagram, which is dropped if the supervisor is gone.
    ///
    /// The corresponding C function is `send`.
    func send(_ message: String) {
        let bytes = Array(message.utf8)
        _ = Glibc.send(descriptor.number, bytes, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }

    /// Blocks until the supervisor is gone.
    ///
    /// The corresponding C function is `recv`, which returns 0 when the other side of a connection has closed.
    package func waitUntilGone() {
        var byte: UInt8 = 0
        while true {
            let count = recv(descriptor.number, &byte, 1, 0)
            if count == 0 || count < 0 && errno != EINTR { return }
        }
    }
}

/// A process started by a supervisor, and its notifications.
package struct SupervisedProcess: Sendable {
    /// The process, with a descriptor that becomes readable at its end.
    package let process: SpawnedProcess
    /// Readable when the process has sent a notification.
    package let words: OwnedDescriptor

    /// Starts this binary as a worker, with the same arguments, in its own process group: the supervisor forwards the
    /// signals that a terminal sends to the supervisor's group, so that the worker gets each of them once.
    ///
    /// - Parameters:
    ///   - readiness: Where the first worker reports that it is ready.
    ///   - goesOn: Whether the process replaces one that died.
    package static func start(readiness: Readiness?, goesOn: Bool) throws(SystemError) -> SupervisedProcess {
        let pair = try SocketPair(keepsMessages: true)
        var environment = Environment.current()
        environment[Role.variable] = Role.text(
            goesOn ? "successor" : "supervised", readiness: readiness == nil ? nil : Role.readinessNumber,
            link: Role.linkNumber)
        // The worker notifies the supervisor, which notifies systemd.
        environment["NOTIFY_SOCKET"] = nil
        environment["WATCHDOG_PID"] = nil
        var spawn = Spawn(OwnExecutable.pathOnDisk, arguments: CommandLine.arguments, environment: environment)
        spawn.inherited[Role.readinessNumber] = readiness?.descriptor
        spawn.inherited[Role.linkNumber] = pair.far
        spawn.placement = .newGroup
        let process = try spawn.start(pidfd: true)
        pair.far.close()
        try pair.near.setNonBlocking()
        return SupervisedProcess(process: process, words: pair.near)
    }

    /// The next datagram; `nil` if there is none or the process has closed its end.
    package func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(words.number, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}
