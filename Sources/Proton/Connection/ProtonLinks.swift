import CProton
import CeleryCore

/// The links of a connection: those that send, by their node, and those that receive, by the number that the caller chose.
/// Confined to the thread of the connection; forgotten with it.
struct ProtonLinks {
    private struct Receiver {
        var number: Int
        var node: ProtonNode
        var link: UnsafeMutableRawPointer
        /// Which of the node's addresses it has.
        var address: Int
        /// Messages that may come once the link is there.
        var credit: Int
        var isCopying: Bool
        var isAttached = false
    }

    /// Whom the end of a link concerns.
    enum End {
        case nothing
        /// A receiver, by the caller's number.
        case receiver(Int)
        /// Messages that were not sent, and messages of which nobody knows whether they arrived.
        case sender(unsent: [UInt64], lost: [UInt64])
    }

    private var senders: [Int64: ProtonSender] = [:]
    private var senderOfNode: [ProtonNode: Int64] = [:]
    /// By the number of the link.
    private var receivers: [Int64: Receiver] = [:]
    private var linkOfReceiver: [Int: Int64] = [:]
    /// Deliveries that are not settled, with the number of their link.
    private var deliveries: [Int64: (link: Int64, pointer: UnsafeMutableRawPointer)] = [:]
    private var lastLink: Int64 = 0
    private var lastDelivery: Int64 = 0

    /// Links to nodes that were not used for a while are ended beyond this number: each is a session at the server.
    private static let mostSenders = 100
    /// After which time a link that has nothing to do is made anew: see `ProtonSender.since`.
    private static let oldest: Duration = .seconds(30)

    // MARK: Sending

    mutating func add(_ tag: UInt64, _ parcel: ProtonParcel, _ connection: ProtonConnection) {
        if let number = senderOfNode[parcel.node], let sender = senders[number], sender.isIdle, sender.since + Self.oldest <= .now { end(sender) }
        let sender = senderOfNode[parcel.node].flatMap { senders[$0] } ?? makeSender(parcel.node, address: 0, connection)
        sender.add(tag, parcel.bytes)
        if sender.isAttached { sendWaiting(by: sender.number) }
    }

    @discardableResult
    private mutating func makeSender(_ node: ProtonNode, address: Int, _ connection: ProtonConnection) -> ProtonSender {
        lastLink += 1
        let link = connection.attach(lastLink, node, address: node.addresses[address], isSender: true)
        let sender = ProtonSender(node, lastLink, address: address, link)
        senders[lastLink] = sender
        senderOfNode[node] = lastLink
        return sender
    }

    /// Sends what waits, as far as there is credit.
    func sendWaiting(by number: Int64) {
        guard let sender = senders[number], sender.isAttached, let link = sender.link else { return }
        while celery_proton_credit(link) > 0, let message = sender.popWaiting() {
            sender.noteSent(message.tag)
            // A failure here is that of the link, whose end comes as an event.
            _ = celery_proton_send(link, message.tag, message.bytes, message.bytes.count)
        }
    }

    func noteFate(_ event: celery_proton_event) { senders[event.number]?.noteFate(event.tag) }

    /// Ends links that nobody has used for a while, when there are many.
    mutating func endOld() {
        guard senders.count > Self.mostSenders else { return }
        for sender in senders.values.filter(\.isIdle).sorted(by: { $0.number < $1.number }).prefix(senders.count - Self.mostSenders) { end(sender) }
    }

    private mutating func end(_ sender: ProtonSender) {
        if let link = sender.link { celery_proton_detach(link) }
        forget(sender)
    }

    private mutating func forget(_ sender: ProtonSender) {
        senders[sender.number] = nil
        if senderOfNode[sender.node] == sender.number { senderOfNode[sender.node] = nil }
    }

    // MARK: Receiving

    mutating func carryOut(_ order: ProtonOrder, _ connection: ProtonConnection) {
        switch order {
        case .receive(let number, let node, let credit, let isCopying):
            makeReceiver(number, node, address: 0, credit: credit, isCopying: isCopying, connection)
        case .credit(let number, let credit):
            guard let link = linkOfReceiver[number], let receiver = receivers[link] else { return }
            receivers[link]?.credit = max(0, credit)
            guard receiver.isAttached else { return }
            // Negative after a reduction that messages on their way had not heard of.
            let change = max(0, credit) - Int(celery_proton_credit(receiver.link))
            if change != 0 { celery_proton_flow(receiver.link, Int32(clamping: change)) }
        case .count(let number, let node):
            makeReceiver(number, node, address: 0, credit: 1, isCopying: false, connection)
        case .drain(let number):
            if let link = linkOfReceiver[number], let receiver = receivers[link], receiver.isAttached { celery_proton_drain(receiver.link, 1) }
        case .stop(let number):
            guard let link = linkOfReceiver.removeValue(forKey: number), let receiver = receivers.removeValue(forKey: link) else { return }
            deliveries = deliveries.filter { $0.value.link != link }
            celery_proton_detach(receiver.link)
        case .settle(let settled, let outcome):
            let code =
                switch outcome {
                case .accepted: CELERY_PROTON_ACCEPTED
                case .released: CELERY_PROTON_RELEASED
                case .modified: CELERY_PROTON_MODIFIED
                case .rejected: CELERY_PROTON_REJECTED
                }
            for number in settled {
                if let delivery = deliveries.removeValue(forKey: number) { celery_proton_settle(delivery.pointer, UInt64(code.rawValue)) }
            }
        }
    }

    private mutating func makeReceiver(
        _ number: Int, _ node: ProtonNode, address: Int, credit: Int, isCopying: Bool, _ connection: ProtonConnection
    ) {
        lastLink += 1
        guard let link = connection.attach(lastLink, node, address: node.addresses[address], isSender: false, isCopying: isCopying) else { return }
        receivers[lastLink] = Receiver(number: number, node: node, link: link, address: address, credit: credit, isCopying: isCopying)
        linkOfReceiver[number] = lastLink
    }

    /// Notes that the server has accepted a link.
    ///
    /// - Returns: The caller's number of a receiver.
    mutating func noteAttached(_ event: celery_proton_event) -> Int? {
        if let sender = senders[event.number] {
            sender.isAttached = true
            return nil
        }
        guard let receiver = receivers[event.number] else { return nil }
        receivers[event.number]?.isAttached = true
        // Credit is given to links that are there: a server that refuses one has sent nothing.
        if receiver.credit > 0 { celery_proton_flow(receiver.link, Int32(clamping: receiver.credit)) }
        return receiver.number
    }

    /// Notes that a receiver has got all there is.
    ///
    /// - Returns: The caller's number.
    func noteDrained(_ event: celery_proton_event) -> Int? {
        guard let receiver = receivers[event.number] else { return nil }
        celery_proton_drain(receiver.link, 0)
        return receiver.number
    }

    /// The caller's number of the receiver that an event is about.
    func receiver(of event: celery_proton_event) -> Int? { receivers[event.number]?.number }

    /// Gives credit for one message more.
    func raiseCredit(of event: celery_proton_event) {
        if let receiver = receivers[event.number] { celery_proton_flow(receiver.link, 1) }
    }

    /// Whether a receiver is there and has credit, so that it can be drained.
    func canDrain(_ number: Int) -> Bool {
        guard let link = linkOfReceiver[number], let receiver = receivers[link] else { return false }
        return receiver.isAttached && celery_proton_credit(receiver.link) > 0
    }

    /// Notes a message that came; `nil` if it is of a link that has ended.
    mutating func arrival(_ event: celery_proton_event, _ bytes: [UInt8]) -> ProtonArrival? {
        guard let receiver = receivers[event.number] else { return nil }
        guard let delivery = event.delivery else { return ProtonArrival(receiver: receiver.number, delivery: nil, bytes: bytes) }
        lastDelivery += 1
        deliveries[lastDelivery] = (event.number, delivery)
        return ProtonArrival(receiver: receiver.number, delivery: lastDelivery, bytes: bytes)
    }

    // MARK: The end of links

    /// Notes that the server has ended a link, and tries the next address of its node if it was never there.
    mutating func noteDetached(_ number: Int64, _ error: ProtonError, _ connection: ProtonConnection) -> End {
        let isElsewhere = error.code == .missing || error.code == .conflict
        if let sender = senders[number] {
            sender.link = nil
            forget(sender)
            if !sender.isAttached, isElsewhere, sender.address + 1 < sender.node.addresses.count {
                makeSender(sender.node, address: sender.address + 1, connection).take(over: sender)
                return .nothing
            }
            var unsent: [UInt64] = []
            while let message = sender.popWaiting() { unsent.append(message.tag) }
            return .sender(unsent: unsent, lost: sender.underWay.sorted())
        }
        guard let receiver = receivers.removeValue(forKey: number) else { return .nothing }
        deliveries = deliveries.filter { $0.value.link != number }
        linkOfReceiver[receiver.number] = nil
        if !receiver.isAttached, isElsewhere, receiver.address + 1 < receiver.node.addresses.count {
            makeReceiver(receiver.number, receiver.node, address: receiver.address + 1, credit: receiver.credit, isCopying: receiver.isCopying, connection)
            return .nothing
        }
        return .receiver(receiver.number)
    }
}
