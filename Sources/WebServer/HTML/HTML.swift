/// Text in HTML. Only what stands in the program itself, literals, is taken as it is; every other text is escaped where it is put in,
/// so that none can be forgotten:
///
///     let row: HTML = "<td title=\"\(worker)\">\(task.name)</td>"
///
/// Attributes are written with quotation marks. `HTML("...")` with a literal is the literal, as for any type made from literals.
package struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The document.
    package private(set) var text: String

    /// A `StaticString` comes from the program and from nowhere else.
    package init(stringLiteral literal: StaticString) { text = literal.withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }

    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    private init(escaped text: String) { self.text = text }

    /// A text that is shown as it is.
    package init(_ text: String) { self.text = Self.escaped(text) }

    package static func += (left: inout HTML, right: HTML) { left.text += right.text }

    /// Parts one after the other.
    package init(_ parts: [HTML]) { text = parts.map(\.text).joined() }

    /// Parts with something between them.
    package init(_ parts: [HTML], separator: HTML) { text = parts.map(\.text).joined(separator: separator.text) }

    package var isEmpty: Bool { text.isEmpty }

    /// The characters that end a text or an attribute, and those that a document cannot have.
    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { isSpecial($0) || $0 < 0x20 || $0 == 0x7F }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 32)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes += "&amp;".utf8
            case UInt8(ascii: "<"): bytes += "&lt;".utf8
            case UInt8(ascii: ">"): bytes += "&gt;".utf8
            case UInt8(ascii: "\""): bytes += "&quot;".utf8
            case UInt8(ascii: "'"): bytes += "&#39;".utf8
            case UInt8(ascii: "`"): bytes += "&#96;".utf8
            case UInt8(ascii: "\n"), UInt8(ascii: "\t"): bytes.append(byte)
            case 0..<0x20, 0x7F: bytes += "\u{FFFD}".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): true
        default: false
        }
    }

    /// Puts texts together.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        package init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity + 16 * interpolationCount) }

        package mutating func appendLiteral(_ literal: StaticString) { text += HTML(stringLiteral: literal).text }

        /// Any text: escaped.
        package mutating func appendInterpolation(_ text: String) { self.text += HTML.escaped(text) }

        package mutating func appendInterpolation(_ number: Int) { text += String(number) }

        package mutating func appendInterpolation(_ html: HTML) { text += html.text }

        /// Nothing for `nil`.
        package mutating func appendInterpolation(_ html: HTML?) { text += html?.text ?? "" }

        package mutating func appendInterpolation(_ parts: [HTML]) { for part in parts { text += part.text } }

        /// An address, for href and action.
        package mutating func appendInterpolation(_ path: PagePath) { text += HTML.escaped(path.text) }
    }
}

extension WebResponse {
    /// A page.
    package static func html(_ html: HTML, status: Int = 200) -> WebResponse { .text(html.text, status: status, type: "text/html; charset=utf-8") }
}
