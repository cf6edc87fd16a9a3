import Glibc
import Processes
import Synchronization

/// A port on 127.0.0.1 for protocols of bytes: each piece that comes is handed to the script, whose answer is sent.
///
/// Several connections are served at the same time.
package final class ScriptedConnections: Sendable {
    /// What the script does with a piece.
    package enum Answer: Sendable {
        case send([UInt8])
        /// Sends this, and closes the connection.
        case end([UInt8])
        case nothing
    }

    package let port: Int
    private let listener: LoopbackListener
    private let open = Mutex<[Int32]>([])

    /// - Parameter script: Called with the number of the connection, from 1, and what came; on the thread of that connection.
    package init(_ script: @escaping @Sendable (_ connection: Int, _ bytes: [UInt8]) -> Answer) throws {
        let listener = try LoopbackListener()
        self.listener = listener
        port = listener.port
        let count = Atomic<Int>(0)
        WorkThread.start { [weak self] in
            listener.serve { connection in
                self?.open.withLock { $0.append(connection) }
                let number = count.add(1, ordering: .relaxed).newValue
                WorkThread.start { Self.serve(connection, number, script) }
            }
        }
    }

    deinit {
        listener.end()
        closeAll()
    }

    private static func serve(_ connection: Int32, _ number: Int, _ script: (Int, [UInt8]) -> Answer) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        loop: while case let count = recv(connection, &buffer, buffer.count, 0), count > 0 {
            switch script(number, Array(buffer[..<count])) {
            case .send(let bytes): _ = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            case .end(let bytes):
                _ = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                break loop
            case .nothing: break
            }
        }
        shutdown(connection, Int32(SHUT_RDWR))
    }

    /// Sends something to all connections, unasked.
    package func send(_ bytes: [UInt8]) {
        for connection in open.withLock({ $0 }) {
            _ = bytes.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    /// Ends all connections, as a dying server does.
    package func closeAll() {
        for connection in open.withLock({ $0 }) { shutdown(connection, Int32(SHUT_RDWR)) }
    }
}
