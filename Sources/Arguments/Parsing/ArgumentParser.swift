/// Reads a command line by a command table.
///
/// It knows `--name value`, `--name=value`, `-c4`, `-c 4`, bundles as `-vqc4`, `--` as the end of
/// options, and a lone `-` as an operand. Options and operands may be mixed. Long names are never
/// abbreviated: a script must not change its meaning when an option is added. A number as `-5` is an
/// operand, since no option is a digit. The environment is read here and nowhere else.
package enum ArgumentParser {
    /// - Parameter arguments: The words after the program's name.
    /// - Throws: The first mistake, with the nearest name if a name was misspelt.
    package static func parse(
        _ arguments: [String], table: CommandTable, environment: [String: String] = [:]
    ) throws(ArgumentError) -> ParsedArguments {
        var scan = ArgumentScan(table: table, words: arguments[...])
        do {
            try scan.readWords()
            return try scan.finish(environment: environment)
        } catch {
            throw ArgumentError(error.message, hint: error.hint, command: scan.command?.qualifiedName)
        }
    }
}
