import CeleryCore
import Synchronization

/// What an action has done.
struct Notice: Sendable, Equatable {
    /// A sentence.
    var text: String
    /// The command that does the same.
    var command: String?

    init(_ text: String, command: String? = nil) { (self.text, self.command) = (text, command) }
}

/// What actions have done, until a page tells it: an address has only a random name of it, so that no link can put words into a
/// page.
final class Notices: Sendable {
    private let notices = Mutex<[(id: String, notice: Notice)]>([])
    private static let most = 200

    /// - Returns: The name to ask for it.
    func keep(_ notice: Notice) -> String {
        var random = SystemRandomNumberGenerator()
        let id = Hexadecimal.text((0..<8).map { _ in UInt8.random(in: 0...255, using: &random) })
        notices.withLock { notices in
            if notices.count >= Self.most { notices.removeFirst() }
            notices.append((id, notice))
        }
        return id
    }

    /// The notice; a page that is loaded again still tells it, until there are many newer ones.
    func take(_ id: String) -> Notice? { notices.withLock { $0.first { $0.id == id }?.notice } }

    static func isID(_ text: String) -> Bool { text.utf8.count == 16 && Hexadecimal.bytes(text) != nil }
}
