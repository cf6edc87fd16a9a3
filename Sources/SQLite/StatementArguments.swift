/// Values for the parameters of a statement, in order; `nil` is NULL.
package struct StatementArguments: ExpressibleByArrayLiteral {
    var values: [(any SQLiteConvertible)?]

    package init(arrayLiteral elements: (any SQLiteConvertible)?...) { values = elements }

    /// Values of one type.
    package init(_ values: some Sequence<some SQLiteConvertible>) { self.values = values.map { $0 } }

    /// Values of several types.
    package init(_ values: [(any SQLiteConvertible)?]) { self.values = values }

    /// Appends the values of the second to those of the first.
    package static func + (first: StatementArguments, second: StatementArguments) -> StatementArguments {
        StatementArguments(first.values + second.values)
    }
}
