import Glibc
import Processes
import Synchronization

/// A port on 127.0.0.1 that speaks by a script: it answers the first request of a connection with the first answer, and so on, and
/// says nothing more after the last.
///
/// For protocols whose requests are small and sent in one piece: what comes in one piece is a request.
package final class ScriptedServer: Sendable {
    package let port: Int
    private let listener: LoopbackListener
    private let heard = Mutex<[String]>([])

    /// The requests of all connections, in the order in which they came.
    package var requests: [String] { heard.withLock { $0 } }

    package init(answers: [String]) throws {
        let listener = try LoopbackListener()
        self.listener = listener
        port = listener.port
        WorkThread.start { [weak self] in
            listener.serve { connection in
                var rest = answers[...]
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
                    self?.heard.withLock { $0.append(String(decoding: buffer[..<count], as: UTF8.self)) }
                    guard let answer = rest.popFirst() else { continue }
                    _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                }
                close(connection)
            }
        }
    }

    deinit { listener.end() }
}
