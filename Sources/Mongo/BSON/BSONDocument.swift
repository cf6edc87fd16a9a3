/// Names and values in order: the first name of a command is the command.
package struct BSONDocument: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    package struct Member: Sendable, Hashable {
        package var name: String
        package var value: BSONValue

        package init(_ name: String, _ value: BSONValue) { (self.name, self.value) = (name, value) }
    }

    package private(set) var members: [Member]

    package init(_ members: [Member] = []) { self.members = members }

    package init(dictionaryLiteral elements: (String, BSONValue)...) { members = elements.map { Member($0, $1) } }

    /// The value of a name, the first where there are several. Setting `nil` removes the name.
    package subscript(name: String) -> BSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            if let place = members.firstIndex(where: { $0.name == name }) {
                if let newValue { members[place].value = newValue } else { members.remove(at: place) }
            } else if let newValue {
                members.append(Member(name, newValue))
            }
        }
    }
}
