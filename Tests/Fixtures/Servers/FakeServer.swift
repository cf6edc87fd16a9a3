import Glibc
import Processes
import Synchronization

/// A port on 127.0.0.1 that takes connections, one after the other, and says what the test wants.
package final class FakeServer: Sendable {
    package let port: Int
    private let listener: LoopbackListener
    private let heard = Mutex<[String]>([])

    /// What was read of each connection so far.
    package var requests: [String] { heard.withLock { $0 } }

    /// - Parameters:
    ///   - answer: What each connection gets before it is closed; `nil` says nothing and keeps it.
    ///   - ending: The text that ends a request: the answer follows it. `nil` answers at once, and reads nothing.
    package init(answer: String? = nil, after ending: String? = nil) throws {
        let listener = try LoopbackListener()
        self.listener = listener
        port = listener.port
        WorkThread.start { [weak self] in
            var kept: [Int32] = []
            listener.serve { connection in
                if let ending {
                    let request = Self.read(from: connection, until: ending)
                    self?.heard.withLock { $0.append(request) }
                }
                guard let answer else {
                    kept.append(connection)
                    return
                }
                _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
                close(connection)
            }
            for connection in kept { close(connection) }
        }
    }

    deinit { listener.end() }

    private static func read(from connection: Int32, until ending: String) -> String {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !all.suffix(ending.utf8.count).elementsEqual(ending.utf8) {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            all += buffer[..<count]
        }
        return String(decoding: all, as: UTF8.self)
    }
}
