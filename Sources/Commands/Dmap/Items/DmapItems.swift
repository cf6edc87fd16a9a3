import CeleryCore

/// Reads the items of a dmap one by one.
final class DmapItems {
    private let words: [[UInt8]]
    private let source: LineSource?
    private let kind: ItemArguments.Kind
    private let chunk: Int
    /// Operands or lines read so far.
    private var count = 0
    private var number = 0

    /// - Parameters:
    ///   - words: The operands; if empty, items are read from stdin.
    ///   - separator: The byte after each item on stdin.
    ///   - chunk: How many operands or lines are one item.
    init(words: [[UInt8]], kind: ItemArguments.Kind, separator: UInt8 = UInt8(ascii: "\n"), chunk: Int = 1) throws {
        self.words = words
        self.kind = kind
        self.chunk = chunk
        source = words.isEmpty ? try LineSource(file: "-", separator: separator) : nil
    }

    /// The number of items; `nil` while it is unknown.
    var total: Int? { source == nil ? (words.count + chunk - 1) / chunk : nil }

    /// How much of the input has been read, from 0 to 1; `nil` for a pipe.
    var share: Double? { source?.share }

    /// Whether `next` does not have to wait for input.
    var isReady: Bool { source.map { $0.has(chunk) } ?? true }

    /// The next item; `nil` at the end. May block.
    func next() throws -> DmapItem? {
        var parts: [[UInt8]] = []
        while parts.count < chunk, let part = try nextPart() { parts.append(part) }
        guard !parts.isEmpty else { return nil }
        let first = count + 1
        count += parts.count
        number += 1
        let arguments = chunk == 1
            ? try ItemArguments(parts[0], kind, number: first) : try ItemArguments(chunk: parts, kind, number: first)
        return DmapItem(number: number, parts: parts, isChunk: chunk > 1, arguments: arguments)
    }

    private var taken = 0

    private func nextPart() throws -> [UInt8]? {
        if let source { return try source.next() }
        guard taken < words.count else { return nil }
        defer { taken += 1 }
        return words[taken]
    }
}
