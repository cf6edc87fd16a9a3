package import CeleryCore
import Glibc
package import HTTP
import Processes

/// Hands mails to an SMTP server, or to the machine's `sendmail`. Blocks.
package struct MailDelivery: Sendable {
    private let settings: MailSettings
    private let way: Way

    private enum Way: Sendable {
        case server(SMTPClient)
        /// The path of the program.
        case program(String)
    }

    /// Where `sendmail` is, by the Filesystem Hierarchy Standard and before it.
    package static let programs = ["/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/bin/sendmail"]

    /// - Parameter programs: Where to look for `sendmail` if no server is set.
    package init(_ settings: MailSettings, programs: [String] = programs) {
        self.settings = settings
        if settings.host == nil, let program = programs.first(where: { access($0, X_OK) == 0 }) {
            way = .program(program)
            return
        }
        way = .server(
            SMTPClient(
                host: settings.host ?? "localhost", port: settings.port, security: settings.usesSSL ? .tls : settings.usesTLS ? .startTLS : .none,
                user: settings.user, password: settings.password, timeout: .seconds(settings.timeout)))
    }

    /// Whether libcurl sends the mails.
    package var needsLibrary: Bool { if case .server = way { true } else { false } }

    /// Where the mails go, for messages.
    package var place: String {
        switch way {
        case .server(let client): "\(client.host):\(client.port)"
        case .program(let path): path
        }
    }

    /// Sends a mail to the administrators.
    ///
    /// - Returns: `nil` when it was taken.
    package func send(_ mail: [UInt8]) -> SMTPClient.Failure? {
        let addresses = settings.admins.map(\.address)
        switch way {
        case .server(let client): return client.send(mail, from: settings.sender, to: addresses)
        case .program(let path): return run(path, mail, addresses)
        }
    }

    private func run(_ path: String, _ mail: [UInt8], _ addresses: [String]) -> SMTPClient.Failure? {
        do throws(SystemError) {
            let place = "\(settings.spool)/.sending-\(getpid())-\(UInt32.random(in: 0 ... .max))"
            unlink(place)
            let number = try Syscall.check("hold mail", path: place) { open(place, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
            unlink(place)
            let input = OwnedDescriptor(owning: number)
            // sendmail expects lines as programs write them.
            let lines = mail.filter { $0 != UInt8(ascii: "\r") }
            try lines.withUnsafeBufferPointer { (bytes) throws(SystemError) in try input.write(UnsafeRawBufferPointer(bytes)) }
            lseek(input.number, 0, SEEK_SET)
            var spawn = Spawn(path, arguments: ["sendmail", "-i", "-f", settings.sender, "--"] + addresses, environment: .current())
            spawn.standardInput = .descriptor(input)
            spawn.standardOutput = .null
            spawn.standardError = .null
            spawn.placement = .newGroup
            let process = try Descendants.keeping { () throws(SystemError) in try spawn.start(pidfd: true) }
            defer { Descendants.release(process) }
            guard try process.waitUntilEnded(timeout: .seconds(settings.timeout)) else {
                try? process.signal(SIGKILL)
                _ = try? process.wait()
                return SMTPClient.Failure(text: "\(path) did not end within \(Int(settings.timeout)) s")
            }
            let ending = try process.wait().status
            return ending == .exited(0) ? nil : SMTPClient.Failure(text: "\(path) ended with \(ending)", isRefusal: true)
        } catch {
            return SMTPClient.Failure(text: error.description)
        }
    }
}
