import Testing

@testable import Arguments

@Suite struct ValueParserTests {
    enum Halt: String, CaseIterable { case now, soon }

    @Test func `reads the cases of an enumeration`() throws {
        let halt = Option<Halt?>.value("halt", placeholder: "WHEN", .cases, help: "When to halt.")
        #expect(halt.description.completion == .values(["now", "soon"]))
        #expect(try halt.description.parse("soon") as? Halt == .soon)
        #expect(throws: InvalidValue("is not one of now, soon", advice: "did you mean 'now'?")) { try ValueParser<Halt>.cases.parse("nwo") }
    }

    @Test func `maps one parser to another`() throws {
        let even = ValueParser.integer().map { (number) throws(InvalidValue) -> Int in
            guard number % 2 == 0 else { throw InvalidValue("is odd") }
            return number / 2
        }
        #expect(try even.parse("8") == 4)
        #expect(throws: InvalidValue("is odd")) { try even.parse("3") }
        #expect(throws: InvalidValue("is not a whole number")) { try even.parse("x") }
    }
}
