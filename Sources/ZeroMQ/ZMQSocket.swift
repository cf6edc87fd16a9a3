import CZeroMQ
import Glibc

/// A socket. Belongs to one thread; nothing here waits.
package final class ZMQSocket {
    package enum Kind: Sendable {
        case pair, reply, dealer, router

        var number: Int32 {
            switch self {
            case .pair: Int32(CELERY_ZMQ_PAIR)
            case .reply: Int32(CELERY_ZMQ_REP)
            case .dealer: Int32(CELERY_ZMQ_DEALER)
            case .router: Int32(CELERY_ZMQ_ROUTER)
            }
        }
    }

    /// A received message.
    package struct Received {
        package var parts: [[UInt8]]
        /// What the gatekeeper calls the sender (ZAP's User-Id); `nil` if none was asked.
        package var user: String?
    }

    /// Parts of a message at most; what has more is dropped.
    private static let mostParts = 16

    private let pointer: UnsafeMutableRawPointer
    // The context ends after its sockets.
    private let context: ZMQContext
    /// Whose events this socket tells, if it is a monitor.
    private var watched: ZMQSocket?

    init(_ pointer: UnsafeMutableRawPointer, _ context: ZMQContext) {
        self.pointer = pointer
        self.context = context
        // What has not been sent when a socket is closed is dropped: whoever sent it is told that there was no answer.
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_LINGER), 0)
    }

    deinit {
        // With an event for a reader that is gone, the library's thread would stand still, and with it all connections.
        if let watched { celery_zmq_unmonitor(watched.pointer) }
        celery_zmq_close(pointer)
    }

    // MARK: Options

    /// Limits the size of a received message, and the messages waiting to be sent or read; a peer that sends a larger one is cut off.
    package func limit(bytes: Int, messages: Int) {
        var size = Int64(bytes)
        celery_zmq_set(pointer, Int32(CELERY_ZMQ_MAXMSGSIZE), &size, MemoryLayout<Int64>.size)
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_SNDHWM), Int32(messages))
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_RCVHWM), Int32(messages))
    }

    /// Sends signs of life, and ends connections whose peer sends none; also without traffic, since ZeroMQ hides dead peers.
    package func watchPeers(every interval: Duration, patience: Duration) {
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_HEARTBEAT_IVL), Self.milliseconds(interval))
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_HEARTBEAT_TIMEOUT), Self.milliseconds(patience))
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_HANDSHAKE_IVL), Self.milliseconds(patience))
    }

    /// Ends with the first connection instead of making others.
    package func connectOnce(within limit: Duration) {
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_RECONNECT_IVL), -1)
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_CONNECT_TIMEOUT), Self.milliseconds(limit))
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_HANDSHAKE_IVL), Self.milliseconds(limit))
    }

    /// Tells by an error, not by silence, that an addressee is gone or reads nothing.
    package func refusesUnknownAddressees() { celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_ROUTER_MANDATORY), 1) }

    /// Encrypts as a server, for clients that the gatekeeper lets in.
    ///
    /// - Throws: `ZMQError.keys`.
    package func encrypt(asServer key: CurveKey) throws(ZMQError) {
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_CURVE_SERVER), 1)
        try set(Int32(CELERY_ZMQ_CURVE_SECRETKEY), key)
        _ = "celery".withCString { celery_zmq_set(pointer, Int32(CELERY_ZMQ_ZAP_DOMAIN), $0, strlen($0)) }
    }

    /// Encrypts as a client.
    ///
    /// - Throws: `ZMQError.keys`.
    package func encrypt(with keys: CurveKeyPair, to server: CurveKey) throws(ZMQError) {
        try set(Int32(CELERY_ZMQ_CURVE_SERVERKEY), server)
        try set(Int32(CELERY_ZMQ_CURVE_PUBLICKEY), keys.publicKey)
        try set(Int32(CELERY_ZMQ_CURVE_SECRETKEY), keys.secretKey)
    }

    private func set(_ option: Int32, _ key: CurveKey) throws(ZMQError) {
        guard celery_zmq_has_curve() == 1, celery_zmq_set(pointer, option, key.bytes, key.bytes.count) == 0 else {
            throw ZMQError(.libraryMissing, "this libzmq cannot encrypt", hint: "install one that is built with CURVE: apt-get install libzmq5")
        }
    }

    private static func milliseconds(_ time: Duration) -> Int32 {
        let (seconds, attoseconds) = time.components
        return Int32(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }

    // MARK: Addresses

    /// - Returns: The address, with the port that the system chose.
    /// - Throws: `ZMQError.address`.
    package func bind(to address: String) throws(ZMQError) -> String {
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_IPV6), address.utf8.contains(UInt8(ascii: "[")) ? 1 : 0)
        guard celery_zmq_bind(pointer, address) == 0 else { throw ZMQError(.address, ZMQContext.reason(errno)) }
        var text = [CChar](repeating: 0, count: 256)
        guard celery_zmq_address(pointer, &text, text.count) == 0 else { return address }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Begins to connect. Of a name, the IPv4 address is used: the library tries only one, and servers listen on all of these.
    ///
    /// - Throws: `ZMQError.address`.
    package func connect(to address: String) throws(ZMQError) {
        celery_zmq_set_number(pointer, Int32(CELERY_ZMQ_IPV6), address.utf8.contains(UInt8(ascii: "[")) ? 1 : 0)
        guard celery_zmq_connect(pointer, address) == 0 else { throw ZMQError(.address, ZMQContext.reason(errno)) }
    }

    /// What happened to the connection of a socket.
    package enum Event: Sendable, Hashable {
        case connected
        /// The peer refused the key.
        case refused
        /// The peer encrypts and this socket does not, or the reverse.
        case mismatched
        /// It ended before the two had agreed: the peer has another key, or has just died.
        case unfinished
        case ended
    }

    private static let number = ZMQNumber()

    /// A socket that tells what happens to the connection of this one.
    ///
    /// - Throws: `ZMQError`.
    package func monitor() throws(ZMQError) -> ZMQSocket {
        let address = "inproc://monitor-\(Self.number.next())"
        let events = CELERY_ZMQ_CLOSED | CELERY_ZMQ_DISCONNECTED | CELERY_ZMQ_HANDSHAKE_FAILED | CELERY_ZMQ_HANDSHAKE_SUCCEEDED
            | CELERY_ZMQ_HANDSHAKE_FAILED_PROTOCOL | CELERY_ZMQ_HANDSHAKE_FAILED_AUTH
        guard celery_zmq_monitor(pointer, address, Int32(events)) == 0 else { throw ZMQError(.system, ZMQContext.reason(errno)) }
        let monitor = try context.open(.pair)
        try monitor.connect(to: address)
        monitor.watched = self
        return monitor
    }

    /// The next event of a monitor; `nil` if there is none.
    package func event() -> Event? {
        while let message = receive() {
            // 16 bits of event and 32 of its value, then the address.
            guard let head = message.parts.first, head.count >= 2 else { continue }
            switch Int(head[0]) | Int(head[1]) << 8 {
            case Int(CELERY_ZMQ_HANDSHAKE_SUCCEEDED): return .connected
            case Int(CELERY_ZMQ_HANDSHAKE_FAILED_AUTH): return .refused
            case Int(CELERY_ZMQ_HANDSHAKE_FAILED_PROTOCOL): return .mismatched
            case Int(CELERY_ZMQ_HANDSHAKE_FAILED): return .unfinished
            default: return .ended
            }
        }
        return nil
    }

    // MARK: Messages

    /// Sends a message, all parts or none.
    ///
    /// - Returns: `false` if nobody is there to take it, or has no room for it.
    @discardableResult
    package func send(_ parts: [[UInt8]]) -> Bool {
        for (index, part) in parts.enumerated() {
            // The library refuses a message with its first part, if at all.
            guard celery_zmq_send(pointer, part, part.count, index < parts.count - 1 ? 1 : 0) == 0 else { return false }
        }
        return true
    }

    /// The next message; `nil` if there is none.
    package func receive() -> Received? {
        while true {
            var message = Received(parts: [])
            var count = 0
            var isMore = true
            while isMore {
                // All parts of a message are there with the first.
                guard let part = receivePart(copying: count < Self.mostParts) else { return nil }
                count += 1
                if let bytes = part.bytes { message.parts.append(bytes) }
                message.user = part.user ?? message.user
                isMore = part.isMore
            }
            if count <= Self.mostParts { return message }
        }
    }

    private func receivePart(copying: Bool) -> (bytes: [UInt8]?, user: String?, isMore: Bool)? {
        var part = celery_zmq_part()
        // The bytes of a short part are in the structure itself, which must stay where it is while they are read.
        return withUnsafeMutablePointer(to: &part) { part in
            guard celery_zmq_receive(pointer, part) == 1 else { return nil }
            defer { celery_zmq_drop(part) }
            let bytes = copying ? Array(UnsafeRawBufferPointer(start: celery_zmq_bytes(part), count: celery_zmq_size(part))) : nil
            return (bytes, copying ? celery_zmq_user(part).map { String(cString: $0) } : nil, celery_zmq_more(part) == 1)
        }
    }

    /// Waits until one of at most two sockets, or the descriptor, can be read, or the time has passed.
    package static func wait(for sockets: [ZMQSocket], _ descriptor: Int32, _ timeout: Duration) {
        let pointers = sockets.map { Optional($0.pointer) }
        _ = pointers.withUnsafeBufferPointer { buffer in
            // `withUnsafeBufferPointer` has an address also of an empty array.
            celery_zmq_wait(buffer.baseAddress, Int32(buffer.count), descriptor, Int(milliseconds(timeout)))
        }
    }
}
