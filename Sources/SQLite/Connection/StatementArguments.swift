/// Values for the parameters of a statement, from the first to the last.
package struct StatementArguments: ExpressibleByArrayLiteral {
    var values: [(any SQLiteConvertible)?]

    package init(arrayLiteral elements: (any SQLiteConvertible)?...) { values = elements }

    package init(_ values: some Sequence<some SQLiteConvertible>) { self.values = values.map { $0 } }

    package init(_ values: [(any SQLiteConvertible)?]) { self.values = values }

    package static func + (first: StatementArguments, second: StatementArguments) -> StatementArguments {
        StatementArguments(first.values + second.values)
    }
}
