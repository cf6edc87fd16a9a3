/// Parses a command line according to a command table.
///
/// The syntax is `--name value`, `--name=value`, `-c4`, `-c 4`, bundles such as `-vqc4`, `--` as the end of
/// options, and a lone `-` as an operand. Options and operands may be mixed. Long names cannot be
/// abbreviated, so that adding an option never changes the meaning of a script. A number such as `-5` is an
/// operand, since no option is a digit. Environment variables of options are read only here.
package enum ArgumentParser {
    /// - Parameter arguments: The words after the program's name, all of them text.
    /// - Throws: The first error, with the nearest name for a misspelt one.
    package static func parse(
        _ arguments: [String], table: CommandTable, environment: [String: String] = [:]
    ) throws(ArgumentError) -> ParsedArguments {
        try parse(RawArguments(arguments), table: table, environment: environment)
    }

    /// - Throws: The first error, with the nearest name for a misspelt one; also for a word that is not UTF-8, unless it is an operand
    ///   that may be bytes.
    package static func parse(
        _ arguments: RawArguments, table: CommandTable, environment: [String: String] = [:]
    ) throws(ArgumentError) -> ParsedArguments {
        var scan = ArgumentScan(table: table, words: arguments.words[...], bytes: arguments.bytes)
        do {
            try scan.readWords()
            return try scan.finish(environment: environment)
        } catch {
            throw ArgumentError(error.message, hint: error.hint, command: scan.command?.qualifiedName)
        }
    }
}
