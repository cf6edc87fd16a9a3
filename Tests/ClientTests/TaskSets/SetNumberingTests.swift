import CeleryCore
import Client
import Testing

@Suite struct SetNumberingTests {
    @Test func `a set is a random UUID that ends with zeros, and its members are numbered there`() throws {
        let set = SetNumbering()
        #expect(set.id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-0{12}/) != nil)
        #expect(set.member(1).text == set.id.prefix(24) + "000000000001")
        #expect(set.member(0xAB_CDEF).text == set.id.prefix(24) + "000000abcdef")
        #expect(set.member(SetNumbering.most).text == set.id.prefix(24) + "ffffffffffff")
        #expect(Set((0..<100).map { _ in SetNumbering() }).count == 100)
    }

    @Test func `numbers come back from ids`() throws {
        let set = SetNumbering()
        for number in [1, 9, 10, 255, 256, 10_000_000, SetNumbering.most] {
            #expect(set.number(of: set.member(number)) == number)
            #expect(SetNumbering(member: set.member(number)) == set)
        }
        #expect(set.number(of: TaskID(set.id)) == nil)
        #expect(SetNumbering(id: set.id) == set)
        #expect(SetNumbering().number(of: set.member(1)) == nil)
    }

    @Test(arguments: [
        "", "x", "01234567-89ab-4cde-8f01-00000000000g", "01234567-89AB-4cde-8f01-000000000000", "0123456789ab-4cde-8f01-0000000000000",
        "01234567-89ab-4cde-8f01-0000000000000", "01234567-89ab-4cde-8f01-000000000001",
    ])
    func `refuses what is not the id of such a set`(_ text: String) { #expect(SetNumbering(id: text) == nil) }
}
