/// What a parameter may be.
package enum WebParameterKind: Sendable {
    /// 0 or 1, true or false; without a value, true.
    case flag
    case whole(ClosedRange<Int>)
    case choice([String])
    /// Any text of at most so many bytes, without control characters.
    case text(Int)
    case check(@Sendable (String) -> Bool)

    /// Whether a value is one.
    package func takes(_ value: String) -> Bool {
        switch self {
        case .flag: Self.flags[value] != nil
        case .whole(let range): Self.number(value).map(range.contains) ?? false
        case .choice(let words): words.contains(value)
        case .text(let most): value.utf8.count <= most && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        case .check(let check): check(value)
        }
    }

    static let flags = ["": true, "1": true, "true": true, "True": true, "0": false, "false": false, "False": false]

    /// Digits only: `Int` would take a plus sign.
    static func number(_ text: String) -> Int? {
        guard text.utf8.first.map({ (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }) == true else { return nil }
        return Int(text)
    }
}

/// The checked parameters of a request, of its path and its query.
package struct WebParameters: Sendable, Equatable {
    private var values: [String: String] = [:]

    package init() {}

    /// - Throws: `WebRefusal` with 400 for a parameter that is not in the list, or whose value is not of its kind.
    init(_ query: [WebField], _ kinds: [String: WebParameterKind]) throws(WebRefusal) {
        for field in query {
            guard let kind = kinds[field.name] else { throw WebRefusal(400, "there is a parameter that is not known here") }
            guard kind.takes(field.value) else { throw WebRefusal(400, "the parameter \(field.name) has an impossible value") }
            guard values[field.name] == nil else { throw WebRefusal(400, "a parameter is given twice") }
            values[field.name] = field.value
        }
    }

    package subscript(_ name: String) -> String? {
        get { values[name] }
        set { values[name] = newValue }
    }

    package func number(_ name: String) -> Int? { values[name].flatMap(WebParameterKind.number) }

    package func flag(_ name: String) -> Bool { values[name].flatMap { WebParameterKind.flags[$0] } ?? false }
}
