import Arguments
import CeleryCore

/// The operands after the task's name: positional or keyword arguments, each JSON, text, or bytes that are not UTF-8.
enum ArgumentWords {
    /// Reads `ARG` and `KEY=VALUE` words.
    ///
    /// - Parameter raw: takes every word verbatim as a positional string.
    static func parse(_ words: some Sequence<[UInt8]>, raw: Bool) throws(ArgumentError) -> (args: [JSON], kwargs: JSONObject) {
        var args: [JSON] = []
        var kwargs = JSONObject()
        for word in words {
            if raw {
                args.append(JSON(text: word))
            } else if let (key, value) = keyword(word) {
                guard kwargs[key] == nil else { throw ArgumentError("argument '\(key)' is given twice") }
                kwargs[key] = JSON(word: value)
            } else {
                args.append(JSON(word: word))
            }
        }
        return (args, kwargs)
    }

    /// Splits `name=value` if the name could be that of a parameter.
    private static func keyword(_ word: [UInt8]) -> (String, [UInt8])? {
        guard let equals = word.firstIndex(of: UInt8(ascii: "=")), equals > 0 else { return nil }
        let name = String(decoding: word[..<equals], as: UTF8.self)
        guard let first = name.first, first.isASCII, first.isLetter || first == "_",
            name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
        else { return nil }
        return (name, Array(word[(equals + 1)...]))
    }
}
