/// A table of a TOML 1.0 document: names and their values, in the order of the document.
///
/// Names are compared byte by byte, as TOML asks. Swift's strings would hold "é" written as one code point and
/// as two for the same name.
package struct TOMLTable: Sendable, Hashable, CustomStringConvertible {
    package struct Member: Sendable, Hashable {
        package let name: String
        package let value: TOMLValue
        /// The line, counted from 1, that mentions the name first.
        package let line: Int
    }

    package let members: [Member]
    private let places: [TOMLName: Int]

    /// The first `[table]` or `[[table]]` header of a document, as a line counted from 1. Every later line belongs to
    /// some table. Only the outermost table of a document can have one.
    package let firstHeaderLine: Int?

    /// Reads a whole document.
    ///
    /// - Parameter bytes: UTF-8, with or without a byte order mark.
    /// - Throws: the first mistake, by line and column. Messages show names, but never a value: one may be a password.
    package init(parsing bytes: [UInt8]) throws(TOMLError) {
        var reader = TOMLReader(bytes)
        self = try reader.document()
    }

    /// - Parameter places: the position of each name in `members`.
    init(members: [Member], places: [TOMLName: Int], firstHeaderLine: Int? = nil) {
        self.members = members
        self.places = places
        self.firstHeaderLine = firstHeaderLine
    }

    package subscript(name: String) -> Member? { places[TOMLName(name)].map { members[$0] } }

    package var description: String { "\(members)" }

    package static func == (one: TOMLTable, other: TOMLTable) -> Bool { one.members == other.members }

    package func hash(into hasher: inout Hasher) { hasher.combine(members) }
}

/// A name of a table, equal to another only byte by byte.
struct TOMLName: Sendable, Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (one: TOMLName, other: TOMLName) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
