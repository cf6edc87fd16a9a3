/// One pass over a command line.
struct ArgumentScan {
    let table: CommandTable
    /// The words not read yet. Their indices are those of the whole command line.
    var words: ArraySlice<String>
    /// The bytes of words that are not UTF-8, by index.
    let bytes: [Int: [UInt8]]
    var command: CommandSpec?
    /// The values read so far for each option, by long name, in order.
    var given: [String: [any Sendable]] = [:]
    var operands: [String] = []
    /// The bytes of operands that are not UTF-8, by their index in `operands`.
    var operandBytes: [Int: [UInt8]] = [:]
    /// Options in the order and spelling of the command line.
    var written: [(name: String, option: OptionDescription)] = []

    init(table: CommandTable, words: ArraySlice<String>, bytes: [Int: [UInt8]] = [:]) {
        self.table = table
        self.words = words
        self.bytes = bytes
    }

    /// The options in force: those of the command read so far, and the global ones.
    var options: [OptionDescription] { table.options(for: command) }

    /// Dashes and equals signs are compared as bytes: a following combining character
    /// would hide them in a comparison of characters.
    mutating func readWords() throws(ArgumentError) {
        while let place = words.indices.first, let word = words.popFirst() {
            let letters = word.utf8
            if command?.endsOptionsAtOperand == true, !operands.isEmpty {
                try take(operand: word, at: place)
            } else if letters.elementsEqual("--".utf8) {
                for place in words.indices { try take(operand: words[place], at: place) }
                words = []
            } else if letters.starts(with: "--".utf8) {
                try checkText(at: place)
                try take(long: word)
            } else if isBundle(word) {
                try checkText(at: place)
                try take(bundle: word)
            } else {
                try take(operand: word, at: place)
            }
        }
    }

    /// - Throws: if the word is not UTF-8.
    private func checkText(at place: Int) throws(ArgumentError) {
        guard let bytes = bytes[place] else { return }
        throw ArgumentError("argument \(place + 1) is not valid UTF-8: '\(RawArguments.escape(bytes))'")
    }

    private mutating func take(operand word: String, at place: Int) throws(ArgumentError) {
        if let command, command.subcommands.isEmpty {
            // A repeated operand is the last.
            let operand = operands.count < command.operands.count ? command.operands[operands.count] : command.operands.last
            if operand?.takesBytes ?? false { operandBytes[operands.count] = bytes[place] } else { try checkText(at: place) }
            operands.append(word)
        } else if let next = command.map({ $0.subcommand(word) }) ?? table.command(word) {
            command = next
        } else {
            try checkText(at: place)
            throw unknown(command: word)
        }
    }

    private mutating func take(long word: String) throws(ArgumentError) {
        let equals = word.utf8.firstIndex(of: UInt8(ascii: "="))
        let name = String(word[..<(equals ?? word.endIndex)])
        guard let option = options.first(where: { $0.longNames.contains(name) }) else {
            throw unknown(option: name)
        }
        let attached = equals.map { String(word[word.utf8.index(after: $0)...]) }
        switch option.form {
        case .value:
            let text = if let attached { attached } else { try nextValue(of: option, as: name) }
            try record(option, as: name, text: text)
        case .flag, .counter, .negatable:
            guard attached == nil else { throw ArgumentError("option '\(name)' takes no value") }
            record(option, as: name, value: option.form == .counter ? 1 : option.isAffirmed(by: name))
        }
    }

    private mutating func take(bundle word: String) throws(ArgumentError) {
        var letters = word.unicodeScalars.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = options.first(where: { $0.short == Character(letter) }) else {
                throw unknown(letter: letter, in: word)
            }
            switch option.form {
            case .value:
                let text = letters.isEmpty ? try nextValue(of: option, as: "-\(letter)") : String(letters)
                try record(option, as: "-\(letter)", text: text)
                return
            case .flag, .negatable:
                record(option, as: "-\(letter)", value: true)
            case .counter:
                record(option, as: "-\(letter)", value: 1)
            }
        }
    }

    /// The value after an option. A word that is itself an option is an error: the value was forgotten.
    private mutating func nextValue(of option: OptionDescription, as name: String) throws(ArgumentError) -> String {
        let missing = "option '\(name)' needs a value\(option.placeholder.map { " \($0)" } ?? "")"
        guard let word = words.first else { throw ArgumentError(missing) }
        guard !isOption(word) else {
            let joined = name.utf8.starts(with: "--".utf8) ? "\(name)=\(word)" : "\(name)\(word)"
            throw ArgumentError(missing, hint: "write \(ArgumentError.quote(joined)) if that is the value")
        }
        try checkText(at: words.startIndex)
        words = words.dropFirst()
        return word
    }

    /// Whether a word would be read as an option that exists, or as the end of options.
    private func isOption(_ word: String) -> Bool {
        if word.utf8.elementsEqual("--".utf8) { return true }
        if word.utf8.starts(with: "--".utf8) {
            let name = String(word[..<(word.utf8.firstIndex(of: UInt8(ascii: "=")) ?? word.endIndex)])
            return options.contains { $0.longNames.contains(name) }
        }
        guard isBundle(word), let letter = word.unicodeScalars.dropFirst().first else { return false }
        return options.contains { $0.short == Character(letter) }
    }

    /// Whether a word is short options: it is neither a lone dash nor a negative number.
    private func isBundle(_ word: String) -> Bool {
        guard word.utf8.first == UInt8(ascii: "-"), let second = word.utf8.dropFirst().first else { return false }
        let mayBeNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(second) || second == UInt8(ascii: ".")
        guard mayBeNumber, Double(word) != nil else { return true }
        return options.contains { $0.short.map { $0.utf8.first == second } ?? false }
    }

    private mutating func record(_ option: OptionDescription, as name: String, text: String) throws(ArgumentError) {
        do {
            record(option, as: name, value: try option.parse(text))
        } catch {
            throw ArgumentError(text, isInvalid: error, for: name)
        }
    }

    private mutating func record(_ option: OptionDescription, as name: String, value: any Sendable) {
        given[option.long, default: []].append(value)
        written.append((name, option))
    }
}

extension OptionDescription {
    /// Whether `name` turns the option on, that is, does not begin with `--no-`.
    fileprivate func isAffirmed(by name: String) -> Bool {
        form != .negatable || ([long] + aliases).contains { "--\($0)" == name }
    }
}
