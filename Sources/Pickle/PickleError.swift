/// Why bytes are not a pickle that holds data.
package struct PickleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes before the instruction at which reading stopped; 0 for what only shows when it is written out.
    package var offset: Int
    package var reason: Reason

    package enum Reason: Sendable, Hashable {
        /// The bytes end before the pickle does.
        case unexpectedEnd
        /// No instruction of protocols 0 to 5.
        case unknownInstruction(UInt8)
        /// A protocol newer than 5.
        case unknownProtocol(UInt8)
        /// Takes more from the stack than there is, or something of another kind.
        case badStack
        /// Asks for an object that was not kept under that number.
        case badMemo
        /// A number or text that is none.
        case badLiteral
        /// Refers to something that is kept elsewhere.
        case outsideReference
        /// The pickle is followed by something else.
        case trailingData
        /// More objects than allowed.
        case tooManyObjects(Int)
        /// Much smaller as a pickle than written out, because it repeats the same parts.
        case tooLarge
        /// Deeper than JSON may be, or inside of itself.
        case nestedTooDeeply
        /// An integer that Python itself would not write out.
        case integerTooLong
    }

    package init(offset: Int, reason: Reason) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String {
        switch reason {
        case .unexpectedEnd: "the pickle ends too early, at byte \(offset)"
        case .unknownInstruction(let code): "no pickle has an instruction \(code), as at byte \(offset)"
        case .unknownProtocol(let number): "pickle protocol \(number) is not known"
        case .badStack: "the pickle is damaged at byte \(offset): not what is on its stack"
        case .badMemo: "the pickle is damaged at byte \(offset): it remembers no such object"
        case .badLiteral: "the pickle is damaged at byte \(offset): neither a number nor a text"
        case .outsideReference: "the pickle refers to something outside of it, at byte \(offset)"
        case .trailingData: "the pickle ends before its bytes do, at byte \(offset)"
        case .tooManyObjects(let limit): "the pickle holds more than \(limit) objects"
        case .tooLarge: "the pickle repeats itself too often to be written out"
        case .nestedTooDeeply: "the pickle is nested too deeply, or contains itself"
        case .integerTooLong: "the pickle has an integer of more than \(BigInteger.digitLimit) digits"
        }
    }
}
