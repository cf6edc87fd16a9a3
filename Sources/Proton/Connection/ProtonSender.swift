/// A link to a node, and what waits for it: confined to the thread of the connection.
final class ProtonSender {
    let node: ProtonNode
    let number: Int64
    /// Which of the node's addresses it has.
    let address: Int
    /// The link; `nil` once it has ended.
    var link: UnsafeMutableRawPointer?
    /// Whether the server has accepted it.
    var isAttached = false
    /// Messages that have no credit yet, the first at `start`.
    private var waiting: [(tag: UInt64, bytes: [UInt8])] = []
    private var start = 0
    /// Messages whose fate is not known.
    private(set) var underWay: Set<UInt64> = []
    /// When it was made: servers that drop what goes to a removed queue make the queue again for a new link.
    let since = ContinuousClock.now

    init(_ node: ProtonNode, _ number: Int64, address: Int, _ link: UnsafeMutableRawPointer?) {
        (self.node, self.number, self.address, self.link) = (node, number, address, link)
    }

    var isIdle: Bool { start == waiting.count && underWay.isEmpty }

    func add(_ tag: UInt64, _ bytes: [UInt8]) { waiting.append((tag, bytes)) }

    func popWaiting() -> (tag: UInt64, bytes: [UInt8])? {
        guard start < waiting.count else {
            (waiting, start) = ([], 0)
            return nil
        }
        defer {
            waiting[start].bytes = []
            start += 1
        }
        return waiting[start]
    }

    func noteSent(_ tag: UInt64) { underWay.insert(tag) }
    func noteFate(_ tag: UInt64) { underWay.remove(tag) }

    /// Takes over what another sender of the node has not sent.
    func take(over other: ProtonSender) {
        while let message = other.popWaiting() { waiting.append(message) }
    }
}
