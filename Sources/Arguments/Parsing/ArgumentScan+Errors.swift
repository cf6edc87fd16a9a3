import CeleryCore

/// Errors about unknown names, with suggestions from the table.
extension ArgumentScan {
    var helpHint: String {
        "see '\(([table.program] + (command.map { [$0.qualifiedName] } ?? [])).joined(separator: " ")) --help'"
    }

    func unknown(option name: String) -> ArgumentError {
        let shown = ArgumentError.quote(name)
        if command == nil, let owner = table.shownCommands.first(where: { $0.options.contains { $0.longNames.contains(name) } }) {
            return ArgumentError(
                "option \(shown) must follow its command",
                hint: "write it after the command, as in '\(table.program) \(owner.name) \(name)'")
        }
        if let words = command?.misplaced[name] { return ArgumentError("unknown option \(shown)", hint: words) }
        let known = options.flatMap(\.longNames).map { String($0.dropFirst(2)) }
        if let nearest = NearestName.suggest(String(name.dropFirst(2)), among: known) {
            return ArgumentError("unknown option \(shown); did you mean '--\(nearest)'?")
        }
        return ArgumentError("unknown option \(shown)", hint: helpHint)
    }

    func unknown(letter: Unicode.Scalar, in word: String) -> ArgumentError {
        let name = ArgumentError.quote("-\(letter)")
        let shown = word.unicodeScalars.count == 2 ? name : "\(name) in \(ArgumentError.quote(word))"
        // `-queue` for `--queue` is a common slip.
        let long = "-\(word.prefix { $0 != "=" })"
        if options.contains(where: { $0.longNames.contains(long) }) {
            return ArgumentError("unknown option \(shown); did you mean '\(long)'?")
        }
        return ArgumentError("unknown option \(shown)", hint: helpHint)
    }

    func unknown(command word: String) -> ArgumentError {
        let siblings = (command?.subcommands ?? table.commands).filter { !$0.isHidden }
        let before = command.map { "\($0.qualifiedName) " } ?? ""
        let shown = ArgumentError.quote(before + word)
        if let nearest = NearestName.suggest(word, among: siblings.flatMap { [$0.name] + $0.aliases }) {
            return ArgumentError("unknown command \(shown); did you mean '\(before)\(nearest)'?")
        }
        return ArgumentError("unknown command \(shown)", hint: "'\(table.program) \(before)--help' lists the commands")
    }
}
