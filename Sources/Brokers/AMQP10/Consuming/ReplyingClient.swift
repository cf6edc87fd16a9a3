import Proton
import Synchronization

/// The client whose listener answers by it; it is made before it can be named.
final class ReplyingClient: Sendable {
    private struct Reference {
        weak var client: ProtonClient?
    }

    private let reference = Mutex(Reference())

    var client: ProtonClient? { reference.withLock { $0.client } }

    func set(_ client: ProtonClient) { reference.withLock { $0.client = client } }
}
