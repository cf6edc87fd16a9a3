/// The table of all task options, from the three blocks of rows.
///
/// Parsing, in every place, is generic code over this table.
package enum TaskOptionTable {
    /// Every row, in the order of the documentation.
    package static let all: [any AnyTaskOption] = {
        let key = CommonOptions.table.concurrencyKey
        // Document the concurrency key after the number of slots.
        return CommonOptions.table.rows.filter { $0.name != key.name } + TaskOnlyOptions.table.rows + [key] + CallOnlyOptions.table.rows
    }()

    private static let byName: [String: any AnyTaskOption] = Dictionary(
        all.flatMap { option in option.names.map { ($0, option) } }, uniquingKeysWith: { first, _ in first })

    /// Rows by the header that carries them.
    static let byHeader: [String: any AnyTaskOption] = Dictionary(
        all.compactMap { option in option.header.map { ($0, option) } }, uniquingKeysWith: { first, _ in first })

    /// Rows that a worker reads from a field of the message.
    static let withReadableField: [any AnyTaskOption] = all.filter(\.hasReadableField)

    /// The row with this name or alias, for any place.
    package static func named(_ name: String) -> (any AnyTaskOption)? { byName[name] }

    /// The rows allowed at a place.
    package static func rows(at place: OptionPlaces) -> [any AnyTaskOption] { all.filter { !$0.places.isDisjoint(with: place) } }

    /// The problem with a name at a place, to follow the name.
    ///
    /// - Parameter others: Names that the place accepts in addition to the table's.
    package static func complaint(about name: String, at place: OptionPlaces, others: [String] = []) -> String {
        if let option = named(name) { return option.misplaced(at: place) }
        let known = others + rows(at: place).flatMap(\.names)
        return "is not known" + (NearestName.suggest(name, among: known).map { "; did you mean '\($0)'?" } ?? "")
    }
}
