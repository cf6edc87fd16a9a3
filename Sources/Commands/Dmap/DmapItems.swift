import CeleryCore
import Wire

/// Reads the items of a dmap one by one.
final class DmapItems {
    /// An item: its number from 1, its text, and the arguments made from the text.
    struct Item {
        var number: Int
        var text: String
        var args: [JSON]
        var kwargs: JSONObject
    }

    private let words: [String]
    private let source: LineSource?
    private let isJSONLines: Bool
    private let isRaw: Bool
    private var number = 0

    /// - Parameter words: the operands; if empty, items are read from stdin.
    init(words: [String], isJSONLines: Bool, isRaw: Bool) throws {
        self.words = words
        self.isJSONLines = isJSONLines
        self.isRaw = isRaw
        source = words.isEmpty ? try LineSource(file: "-") : nil
    }

    /// The number of items; `nil` while reading stdin.
    var total: Int? { source == nil ? words.count : nil }

    /// The next item; `nil` at the end.
    func next() throws -> Item? {
        let text: String
        if let source {
            guard let line = try source.next() else { return nil }
            guard let valid = String(validating: line, as: UTF8.self) else {
                throw CommandError(ExitCode.badData, "line \(number + 1) is not UTF-8 text")
            }
            text = valid
        } else {
            guard number < words.count else { return nil }
            text = words[number]
        }
        number += 1
        guard isJSONLines else {
            return Item(number: number, text: text, args: [isRaw ? .string(text) : JSON(word: text)], kwargs: [:])
        }
        switch try? JSON(parsing: text) {
        case .array(let args)?: return Item(number: number, text: text, args: args, kwargs: [:])
        case .object(let kwargs)?: return Item(number: number, text: text, args: [], kwargs: kwargs)
        default:
            throw CommandError(ExitCode.badData, "line \(number) is neither a JSON array nor a JSON object")
        }
    }
}
