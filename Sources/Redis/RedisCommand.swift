/// A command for a Redis server.
package struct RedisCommand: Sendable, Equatable {
    /// One word of a command. Values may hold any bytes.
    package enum Word: Sendable, Equatable, ExpressibleByStringLiteral {
        case text(String)
        case bytes([UInt8])
        case number(Int)

        package init(stringLiteral value: String) { self = .text(value) }
    }

    private(set) var words: [Word]
    /// The script that the command calls by its hash; `nil` for other commands.
    let script: RedisScript?

    /// - Parameter words: The name first.
    package init(_ words: Word...) { self.init(words) }

    /// - Parameter words: The name first; at least that.
    package init(_ words: [Word]) {
        self.words = words
        script = nil
    }

    /// Calls a script by its hash. A server that does not know it gets its source: see `withSource`.
    package init(_ script: RedisScript, keys: [String], _ arguments: [Word]) {
        words = ["EVALSHA", .text(script.hash), .number(keys.count)] + keys.map(Word.text) + arguments
        self.script = script
    }

    /// The same call with the source of the script, which the server remembers from then on.
    var withSource: RedisCommand {
        guard let script else { return self }
        var copy = self
        copy.words[0] = "EVAL"
        copy.words[1] = .text(script.source)
        return copy
    }

    /// The same command with further words.
    package func with(_ more: Word...) -> RedisCommand {
        var copy = self
        copy.words += more
        return copy
    }

    /// The name, as errors show it: arguments may be secret.
    package var name: String { if case .text(let name)? = words.first { name } else { "" } }

    /// Appends the command as an array of strings, the one form that servers of every version read.
    package func encode(to output: inout [UInt8]) {
        output.append(UInt8(ascii: "*"))
        Self.appendLine(words.count, to: &output)
        for word in words {
            output.append(UInt8(ascii: "$"))
            switch word {
            case .text(let text):
                Self.appendLine(text.utf8.count, to: &output)
                output.append(contentsOf: text.utf8)
            case .bytes(let bytes):
                Self.appendLine(bytes.count, to: &output)
                output.append(contentsOf: bytes)
            case .number(let number):
                let text = String(number)
                Self.appendLine(text.utf8.count, to: &output)
                output.append(contentsOf: text.utf8)
            }
            output.append(0x0D)
            output.append(0x0A)
        }
    }

    private static func appendLine(_ number: Int, to output: inout [UInt8]) {
        output.append(contentsOf: String(number).utf8)
        output.append(0x0D)
        output.append(0x0A)
    }
}
