import Arguments
import CeleryCore

/// The operands after the task's name: positional or keyword arguments, each JSON or text.
enum ArgumentWords {
    /// Reads `ARG` and `KEY=VALUE` words.
    ///
    /// - Parameter raw: takes every word verbatim as a positional string.
    static func parse(_ words: some Sequence<String>, raw: Bool) throws(ArgumentError) -> (args: [JSON], kwargs: JSONObject) {
        var args: [JSON] = []
        var kwargs = JSONObject()
        for word in words {
            if raw {
                args.append(.string(word))
            } else if let (key, text) = keyword(word) {
                guard kwargs[key] == nil else { throw ArgumentError("argument '\(key)' is given twice") }
                kwargs[key] = JSON(word: text)
            } else {
                args.append(JSON(word: word))
            }
        }
        return (args, kwargs)
    }

    /// Splits `name=value` if the name could be that of a parameter.
    private static func keyword(_ word: String) -> (String, String)? {
        guard let equals = word.firstIndex(of: "="), equals > word.startIndex else { return nil }
        let name = word[..<equals]
        guard let first = name.first, first.isASCII, first.isLetter || first == "_",
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
        else { return nil }
        return (String(name), String(word[word.index(after: equals)...]))
    }
}
