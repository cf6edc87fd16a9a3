import Testing

extension Project {
    /// Runs a line, and tells how it ended if that was not as expected.
    func expect(
        _ line: String, input: String? = nil, with variables: [String: String] = [:], _ expected: Ended,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let ended = try run(line, input: input, with: variables, sourceLocation: sourceLocation)
        #expect(ended == expected, "\(line)", sourceLocation: sourceLocation)
    }

    /// The same, where the expectation has `ID` for each id.
    func expect(
        _ line: String, input: String? = nil, with variables: [String: String] = [:], masked expected: Ended,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let ended = try run(line, input: input, with: variables, sourceLocation: sourceLocation)
        #expect(ended.masked == expected, "\(line)", sourceLocation: sourceLocation)
    }
}
