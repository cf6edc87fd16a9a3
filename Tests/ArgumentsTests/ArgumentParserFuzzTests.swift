import Fixtures
import Testing

@testable import Arguments

@Suite struct ArgumentParserFuzzTests {
    static let pieces =
        MadeUp.table.options(for: MadeUp.apply).flatMap(\.names) + ["apply", "beat", "next", "celeryd", "-", "--", "=", "-c", "-n"]
        + ["", "4", "-5", "a=b", "\u{301}", "=\u{338}", "é", "\r\n", "\u{0}", "👩‍👩‍👧", "--no-", "-.", "-e", " "]

    @Test(arguments: 1...20)
    func `answers any words with a parse or with one line`(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<fuzzRounds(500) {
            let words = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in Self.pieces.randomElement(using: &random)! }.joined()
            }
            do {
                let arguments = try ArgumentParser.parse(words, table: MadeUp.table)
                #expect(arguments.operands.allSatisfy(words.contains))
            } catch {
                #expect(!error.message.isEmpty)
                #expect(!error.message.unicodeScalars.contains { $0.properties.generalCategory == .control }, "\(words)")
            }
        }
    }

    /// Part of a command line, with what it means.
    struct Unit {
        var words: [String]
        var given: [(option: OptionDescription, text: String)] = []
        var operand: String?
    }

    @Test(arguments: 1...20)
    func `reads every spelling of a command line alike`(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<fuzzRounds(200) {
            let command = [MadeUp.apply, MadeUp.status, MadeUp.celeryd].randomElement(using: &random)!
            let before = (0..<Int.random(in: 0...3, using: &random)).map { _ in unit(MadeUp.globals, &random) }
            var after = (0..<Int.random(in: 0...6, using: &random)).map { _ in unit(command.options + MadeUp.globals, &random) }
            if command.operands.contains(where: \.arity.repeats) {
                after += (0..<Int.random(in: 0...4, using: &random)).map { _ in
                    let operand = ["x", "-", "-7", "", "a=b", "\u{301}", "é"].randomElement(using: &random)!
                    return Unit(words: [operand], operand: operand)
                }
                after.shuffle(using: &random)
                if Bool.random(using: &random) {
                    let last = ["--json", "--", "-q", "y"].shuffled(using: &random)
                    after.append(Unit(words: ["--"]))
                    after += last.map { Unit(words: [$0], operand: $0) }
                }
            }
            let units = before + [Unit(words: [command.name])] + after
            let arguments = try ArgumentParser.parse(units.flatMap(\.words), table: MadeUp.table)
            #expect(arguments.command?.name == command.name)
            #expect(arguments.operands == units.compactMap(\.operand))
            var expected: [String: String] = [:]
            let given = units.flatMap(\.given)
            for option in MadeUp.table.options(for: command) {
                let values = try given.filter { $0.option.long == option.long }.map { try value(option, $0.text) }
                if !values.isEmpty { expected[option.long] = "\(option.combine(values)!)" }
            }
            #expect(arguments.values.mapValues { "\($0.value)" } == expected)
        }
    }

    private func value(_ option: OptionDescription, _ text: String) throws -> any Sendable {
        switch option.form {
        case .value: try option.parse(text)
        case .counter: 1
        case .flag: true
        case .negatable: !text.hasPrefix("--no-")
        }
    }

    private func unit(_ options: [OptionDescription], _ random: inout SeededGenerator) -> Unit {
        let option = options.randomElement(using: &random)!
        let long = option.longNames.randomElement(using: &random)!
        guard option.form == .value else {
            // Flags go alone, or before others in a bundle.
            guard let short = option.short, Bool.random(using: &random) else { return Unit(words: [long], given: [(option, long)]) }
            let others = options.filter { $0.short != nil }
            var unit = Unit(words: ["-\(short)"], given: [(option, "-\(short)")])
            for other in others.shuffled(using: &random).prefix(2) {
                let text = other.form == .value ? sample(other, &random) : ""
                unit.words[0] += "\(other.short!)\(text)"
                unit.given.append((other, other.form == .value ? text : "-\(other.short!)"))
                if other.form == .value { break }
            }
            return unit
        }
        let text = sample(option, &random)
        let spellings =
            [["\(long)=\(text)"]] + (text.hasPrefix("-") ? [] : [[long, text]])
            + (option.short.map { [["-\($0)\(text)"]] + (text.hasPrefix("-") ? [] : [["-\($0)", text]]) } ?? [])
        return Unit(words: spellings.randomElement(using: &random)!, given: [(option, text)])
    }

    /// A text that the option takes; never empty, which has no spelling as `-c`.
    private func sample(_ option: OptionDescription, _ random: inout SeededGenerator) -> String {
        let texts: [String] =
            switch option.long {
            case "concurrency", "pool", "countdown": ["1", "7", "42"]
            case "loglevel": ["debug", "info"]
            default: ["x", "a,b", "--json", "-q", "=", "a=b", "é\u{301}", "\u{338}", " ", "apply", "--"]
            }
        return texts.randomElement(using: &random)!
    }
}
