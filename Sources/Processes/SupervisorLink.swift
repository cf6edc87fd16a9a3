import CLinux
import Glibc

/// The worker's end of the connection to the supervisor that started it: it says how it is, in the datagrams of
/// sd_notify(3), and learns by the end of the connection that the supervisor is gone.
package struct SupervisorLink: Sendable {
    let descriptor: OwnedDescriptor

    /// Whether an earlier worker of the same supervisor died, so that this one is to go on with its work.
    package let goesOn: Bool

    /// Sends a datagram; dropped when nobody listens.
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

/// A process that a supervisor started, and what it says of itself.
package struct SupervisedProcess: Sendable {
    /// With a descriptor to wait for its end on.
    package let process: SpawnedProcess
    /// Readable when the process has said something.
    package let words: OwnedDescriptor

    /// Starts our own binary as a worker, with our arguments, in a process group of its own: what a terminal sends to
    /// the group of the supervisor, the supervisor passes on, once.
    ///
    /// - Parameters:
    ///   - readiness: Whom the first worker tells that it works.
    ///   - goesOn: Whether it takes the place of one that died.
    package static func start(readiness: Readiness?, goesOn: Bool) throws(SystemError) -> SupervisedProcess {
        let pair = try SocketPair(keepsMessages: true)
        var environment = Environment.current()
        environment[Role.variable] = Role.text(
            goesOn ? "successor" : "supervised", readiness: readiness == nil ? nil : Role.readinessNumber,
            link: Role.linkNumber)
        // It speaks to us, and we speak to systemd.
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

    /// The next datagram; `nil` when there is none, or the process has closed its end.
    package func next() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(words.number, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}
