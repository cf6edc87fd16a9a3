package import CeleryZMQ
import Glibc
import Processes
import Synchronization
package import ZeroMQ

/// The allow list: who may connect to `celery broker`, and as what.
///
///     # the role, the public key of the client, and a name for the log
///     submit  3f0c...  web1
///     work    77ab...  render-farm
///     admin   c01d...  ops
///
/// A changed file counts within a second, also for those who are connected.
package final class ClientList: Sendable {
    package struct Client: Sendable, Equatable {
        package var role: BrokerRole
        package var name: String
    }

    /// What is wrong with a file.
    package struct Mistake: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
        package var hint: String?
    }

    private struct State {
        var clients: [CurveKey: Client]
        /// Identifies the content that was read.
        var version: Version?
        var looked: ContinuousClock.Instant
    }

    private struct Version: Equatable {
        var file: UInt64
        var seconds: Int
        var nanoseconds: Int
        var size: Int
    }

    private let path: String
    private let state: Mutex<State>

    /// Bytes of the largest file.
    private static let largest = 4 << 20
    private static let lookInterval: Duration = .seconds(1)

    /// Reads the file. Blocks.
    ///
    /// - Throws: `Mistake`, also if there is none.
    package init(file path: String) throws(Mistake) {
        self.path = path
        state = Mutex(State(clients: try Self.read(path), version: Self.version(of: path), looked: .now))
    }

    /// The client with a key; `nil` for a stranger.
    package func client(_ key: CurveKey) -> Client? { state.withLock { $0.clients[key] } }

    /// Reads the file again if it has changed. Blocks for a moment, at most once a second.
    ///
    /// - Throws: `Mistake`; then the earlier list stays.
    func refresh() throws(Mistake) {
        let isDue = state.withLock { state in
            guard state.looked + Self.lookInterval <= .now else { return false }
            state.looked = .now
            return true
        }
        guard isDue else { return }
        let version = Self.version(of: path)
        guard state.withLock({ state in
            defer { state.version = version }
            return state.version != version
        }) else { return }
        let clients = try Self.read(path)
        state.withLock { $0.clients = clients }
    }

    private static func version(of path: String) -> Version? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Version(file: UInt64(status.st_ino), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec, size: Int(status.st_size))
    }

    private static func read(_ path: String) throws(Mistake) -> [CurveKey: Client] {
        let bytes: [UInt8]
        do throws(TrustedFile.Refusal) {
            bytes = try TrustedFile(path, isSecret: false).read(limit: largest)
        } catch {
            throw Mistake(
                description: "cannot use the allow list \(path): \(error.reason)",
                hint: error.hint ?? "write a line 'submit KEY NAME', 'work KEY NAME' or 'admin KEY NAME' for each client; 'celery broker --keygen FILE' there prints its KEY")
        }
        return try read(text: String(decoding: bytes, as: UTF8.self), of: path)
    }

    /// Reads the lines of a list.
    package static func read(text: String, of path: String) throws(Mistake) -> [CurveKey: Client] {
        var clients: [CurveKey: Client] = [:]
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "\r" }
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func fail(_ reason: String) -> Mistake { Mistake(description: "\(path), line \(index + 1): \(reason)") }
            guard let role = BrokerRole(rawValue: String(first)) else { throw fail("a line begins with submit, work or admin") }
            guard words.count == 2 || words.count == 3 else { throw fail("it is not ROLE KEY NAME") }
            guard let key = CurveKey(words[1]) else { throw fail("the key is not 64 hexadecimal digits") }
            guard clients[key] == nil else { throw fail("the key is there already") }
            clients[key] = Client(role: role, name: words.count == 3 ? String(words[2]) : String(key.text.prefix(8)))
        }
        return clients
    }
}
