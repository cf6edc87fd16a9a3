import CeleryCore
import Glibc
import Processes
import Synchronization

/// An SMTP server on loopback that takes mails, or refuses them as the test says.
package final class MailServer: Sendable {
    package let port: Int
    private let listener: LoopbackListener
    private let offersLogin: Bool
    private let refuses: @Sendable (String) -> Bool
    private let taken = Mutex<[Mail]>([])

    /// A mail that was taken.
    package struct Mail: Sendable {
        package var sender = ""
        package var recipients: [String] = []
        /// What the client said to log in.
        package var login: String?
        /// Lines of the head, unfolded, by name.
        package var headers: [String: String] = [:]
        /// Decoded.
        package var body = ""

        package var subject: String { headers["Subject"] ?? "" }
    }

    package var mails: [Mail] { taken.withLock { $0 } }

    /// - Parameters:
    ///   - isOpen: Whether it takes connections; else it has the port, and whoever comes is refused until `open`.
    ///   - offersLogin: Whether the client may log in.
    ///   - refuses: Recipients that are refused.
    package init(
        isOpen: Bool = true, offersLogin: Bool = false, refuses: @escaping @Sendable (String) -> Bool = { _ in false }
    ) throws {
        let listener = try LoopbackListener(listens: isOpen)
        self.listener = listener
        self.port = listener.port
        self.offersLogin = offersLogin
        self.refuses = refuses
        if isOpen { serve() }
    }

    deinit { listener.end() }

    /// Opens the port; once, and only after `isOpen: false`.
    package func open() throws {
        try listener.startListening()
        serve()
    }

    private func serve() {
        let (listener, offersLogin, refuses) = (self.listener, self.offersLogin, self.refuses)
        WorkThread.start { [weak self] in
            listener.serve { connection in
                WorkThread.start { [weak self] in
                    Session(connection: connection, offersLogin: offersLogin, refuses: refuses) { mail in self?.taken.withLock { $0.append(mail) } }.run()
                }
            }
        }
    }

    /// Closes the port; whoever comes is refused.
    package func end() { listener.end() }
}

/// One connection to a mail server.
private final class Session {
    private let connection: Int32
    private let offersLogin: Bool
    private let refuses: (String) -> Bool
    private let take: (MailServer.Mail) -> Void
    private var unread: [UInt8] = []
    private var mail = MailServer.Mail()

    init(connection: Int32, offersLogin: Bool, refuses: @escaping (String) -> Bool, take: @escaping (MailServer.Mail) -> Void) {
        self.connection = connection
        self.offersLogin = offersLogin
        self.refuses = refuses
        self.take = take
    }

    func run() {
        defer { close(connection) }
        say("220 test")
        while let line = readLine() {
            let word = line.prefix { $0 != " " && $0 != ":" }.uppercased()
            switch word {
            case "EHLO", "HELO": say(offersLogin ? "250-test\r\n250 AUTH PLAIN" : "250 test")
            case "AUTH":
                mail.login = line
                if line.split(separator: " ").count < 3 {
                    say("334 ")
                    mail.login = (mail.login ?? "") + " " + (readLine() ?? "")
                }
                say("235 welcome")
            case "MAIL":
                mail = MailServer.Mail(sender: address(line), login: mail.login)
                say("250 ok")
            case "RCPT":
                if refuses(address(line)) { say("550 no such user") } else {
                    mail.recipients.append(address(line))
                    say("250 ok")
                }
            case "DATA":
                guard !mail.recipients.isEmpty else {
                    say("554 nobody")
                    continue
                }
                say("354 go on")
                readMail()
                take(mail)
                say("250 taken")
            case "QUIT":
                say("221 bye")
                return
            default: say("250 ok")
            }
        }
    }

    private func readMail() {
        var name: String?
        var lines: [String] = []
        var isBody = false
        while let line = readLine(), line != "." {
            let line = line.hasPrefix("..") ? String(line.dropFirst()) : line
            if isBody {
                lines.append(line)
            } else if line.isEmpty {
                isBody = true
            } else if line.hasPrefix(" "), let name {
                mail.headers[name, default: ""] += line
            } else if let colon = line.firstIndex(of: ":") {
                name = String(line[..<colon])
                mail.headers[String(line[..<colon])] = String(line[line.index(after: colon)...].drop { $0 == " " })
            }
        }
        let isEncoded = mail.headers["Content-Transfer-Encoding"] == "base64"
        mail.body = isEncoded ? Base64.decode(lines.joined()).map { String(decoding: $0, as: UTF8.self) } ?? "" : lines.joined(separator: "\n")
    }

    private func address(_ line: String) -> String {
        String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
    }

    private func say(_ text: String) {
        let bytes = Array((text + "\r\n").utf8)
        _ = bytes.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    private func readLine() -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[..<end].filter { $0 != UInt8(ascii: "\r") }
                unread = Array(unread[(end + 1)...])
                return String(decoding: line, as: UTF8.self)
            }
            var buffer = [UInt8](repeating: 0, count: 16_384)
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            unread += buffer[..<count]
        }
    }
}
