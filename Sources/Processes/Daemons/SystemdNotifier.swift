import Glibc

/// Tells systemd how the service is: the protocol of sd_notify(3), a datagram of `NAME=value` lines.
///
/// A notification that cannot be sent is dropped: a service must not fail because nobody listens.
package struct SystemdNotifier: Sendable {
    private let way: Way

    /// How a word gets to systemd.
    private enum Way: Sendable {
        case socket(path: String)
        /// Through our supervisor, which is the process that systemd knows.
        case supervisor(SupervisorLink)
    }

    /// What `ready()` says.
    package static let readyWord = "READY=1"

    /// How often `watchdog()` must be called at the least, if systemd watches; call it twice as often.
    package let watchdogInterval: Duration?

    /// - Returns: `nil` if systemd did not start us, or does not listen.
    /// - Parameter environment: `NOTIFY_SOCKET` (a path, or a name after `@` in the abstract space),
    ///   `WATCHDOG_USEC` and `WATCHDOG_PID`, which names the process that is watched.
    package init?(environment: Environment) {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/") || path.hasPrefix("@"),
            path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        else { return nil }
        way = .socket(path: path)
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = isForUs && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Speaks to the supervisor, which passes everything on.
    ///
    /// - Parameter environment: `WATCHDOG_USEC`, if systemd watches.
    package init(_ supervisor: SupervisorLink, environment: Environment) {
        way = .supervisor(supervisor)
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval = microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Sends what a process that we supervise has said.
    package func pass(on words: String) { send(words) }

    /// The environment without the variables that are for us alone: for the programs we start.
    package static func stripped(_ environment: Environment) -> Environment {
        var environment = environment
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] { environment[name] = nil }
        return environment
    }

    /// The service does its work.
    package func ready() { send(Self.readyWord) }

    /// The service is on its way out.
    package func stopping() { send("STOPPING=1") }

    /// The service reads its settings again; `ready()` is to follow.
    package func reloading() {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        send("RELOADING=1\nMONOTONIC_USEC=\(now.tv_sec * 1_000_000 + now.tv_nsec / 1000)")
    }

    /// What `systemctl status` shows. One line.
    package func status(_ text: String) {
        send("STATUS=\(text.split(whereSeparator: \.isNewline).joined(separator: " "))")
    }

    /// The service is alive.
    package func watchdog() { send("WATCHDOG=1") }

    /// Another process than the one systemd started is the service's main one.
    package func mainProcess(_ id: ProcessID) { send("MAINPID=\(id)") }

    /// The corresponding C function is `sendto`.
    private func send(_ message: String) {
        guard case .socket(let socketPath) = way else {
            if case .supervisor(let supervisor) = way { supervisor.send(message) }
            return
        }
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { return }
        let descriptor = OwnedDescriptor(owning: number)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketPath.utf8)
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        // An abstract name is as long as the address says, a path ends at its NUL.
        let length = MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + name.count + (name[0] == 0 ? 0 : 1)
        let bytes = Array(message.utf8)
        withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor.number, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, socklen_t(length))
            }
        }
    }
}
