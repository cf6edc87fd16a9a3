/// A message of AMQP 1.0 (part 3.2 of the specification), as far as Celery needs its sections.
package struct ProtonMessage: Sendable, Equatable {
    // The header
    package var isDurable = false
    /// 4 where the sender says nothing.
    package var priority: UInt8?
    /// Milliseconds until the server may drop the message.
    package var timeToLive: UInt32?
    /// Whether no other link may have had the message before.
    package var isFirst = true
    /// How many deliveries have failed.
    package var deliveryCount = 0

    /// What servers and senders add, under symbols that begin with `x-opt-`.
    package var annotations: [ProtonValue.Pair] = []

    // The properties
    package var messageID: String?
    package var subject: String?
    package var replyTo: String?
    package var correlationID: String?
    package var contentType: String?
    package var contentEncoding: String?

    /// Headers of the application.
    package var headers: [ProtonValue.Pair] = []
    package var body: [UInt8] = []
    /// Whether the body was none of bytes or text, and is lost.
    package var hasForeignBody = false

    package init() {}

    /// The value of an annotation.
    package func annotation(_ name: String) -> ProtonValue? { ProtonValue.map(annotations)[name] }
}

/// Descriptors of the sections.
private enum Section {
    static let header: UInt64 = 0x70
    static let deliveryAnnotations: UInt64 = 0x71
    static let messageAnnotations: UInt64 = 0x72
    static let properties: UInt64 = 0x73
    static let applicationProperties: UInt64 = 0x74
    static let data: UInt64 = 0x75
    static let sequence: UInt64 = 0x76
    static let value: UInt64 = 0x77
}

extension ProtonMessage {
    /// The bytes of the message, its body as a section of data.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(body.count + 600)
        func put(_ section: UInt64, _ value: ProtonValue) { ProtonEncoder.put(.described(.ulong(section), value), into: &bytes) }
        put(Section.header, .list([.bool(isDurable), priority.map(ProtonValue.ubyte) ?? .null, timeToLive.map(ProtonValue.uint) ?? .null]))
        if !annotations.isEmpty { put(Section.messageAnnotations, .map(annotations)) }
        func text(_ text: String?) -> ProtonValue { text.map(ProtonValue.string) ?? .null }
        func symbol(_ text: String?) -> ProtonValue { text.map(ProtonValue.symbol) ?? .null }
        put(
            Section.properties,
            .list([
                text(messageID), .null, .null, text(subject), text(replyTo), text(correlationID), symbol(contentType), symbol(contentEncoding),
            ]))
        if !headers.isEmpty { put(Section.applicationProperties, .map(headers)) }
        put(Section.data, .binary(body))
        return bytes
    }

    /// Reads what anybody may have sent.
    ///
    /// - Throws: `ProtonDecoder.Fault`.
    package init(decoding bytes: [UInt8]) throws(ProtonDecoder.Fault) {
        var decoder = ProtonDecoder(bytes[...])
        while !decoder.isAtEnd {
            guard case .described(let descriptor, let value) = try decoder.next() else {
                throw ProtonDecoder.Fault(description: "a section of the message has no name")
            }
            take(descriptor.integer.map { UInt64(bitPattern: $0) } ?? 0, value)
        }
    }

    private mutating func take(_ section: UInt64, _ value: ProtonValue) {
        switch section {
        case Section.header:
            let fields = value.list ?? []
            func field(_ index: Int) -> ProtonValue { index < fields.count ? fields[index] : .null }
            isDurable = field(0) == .bool(true)
            priority = field(1).integer.map { UInt8(clamping: $0) }
            timeToLive = field(2).integer.map { UInt32(clamping: $0) }
            isFirst = field(3) != .bool(false)
            deliveryCount = Int(field(4).integer ?? 0)
        case Section.messageAnnotations: annotations += value.pairs ?? []
        case Section.properties:
            let fields = value.list ?? []
            func text(_ index: Int) -> String? {
                guard index < fields.count else { return nil }
                return fields[index].text ?? fields[index].integer.map { String($0) }
            }
            (messageID, subject, replyTo) = (text(0), text(3), text(4))
            (correlationID, contentType, contentEncoding) = (text(5), text(6), text(7))
        case Section.applicationProperties: headers += value.pairs ?? []
        case Section.data:
            if case .binary(let part) = value { body += part } else { hasForeignBody = true }
        case Section.value:
            switch value {
            case .binary(let bytes): body += bytes
            case .string(let text): body += Array(text.utf8)
            case .null: break
            default: hasForeignBody = true
            }
        case Section.sequence: hasForeignBody = true
        default: break
        }
    }
}
