/// The text of a number as its sender wrote it, `1.10` or `12e5`, for readers to whom it is more than its value: programs.
///
/// Only ``JSONParser`` makes spellings, and only of valid JSON, so that a writer copies them unchecked. A number whose text is what
/// `Double.pythonRepr` would write has none, which costs nothing; the others have one allocation, and are cheaper to write.
public struct JSONSpelling: Sendable {
    /// `nil` for a number in its shortest form.
    private let letters: [UInt8]?

    /// The spelling of a number that was computed, or written in its shortest form.
    public static let shortest = JSONSpelling(letters: nil)

    private init(letters: [UInt8]?) { self.letters = letters }

    /// - Parameter text: A number of RFC 8259.
    init(validated text: UnsafeRawBufferPointer) { letters = Array(text) }

    /// The number as written, in ASCII; `nil` for its shortest form.
    package var bytes: [UInt8]? { letters }

    /// The number as written; `nil` for its shortest form.
    package var text: String? { letters.map { String(decoding: $0, as: UTF8.self) } }

    /// Whether the text is that of an integer: `-0`, which no `Int64` can tell from `0`.
    var isInteger: Bool { letters?.allSatisfy { $0 == .minus || .zero ... .nine ~= $0 } ?? false }
}

extension JSONSpelling: Hashable {
    /// Spellings do not distinguish numbers: `1.10` is `1.1`.
    public static func == (left: Self, right: Self) -> Bool { true }

    public func hash(into hasher: inout Hasher) {}
}
