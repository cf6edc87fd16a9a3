/// Why a value is invalid, in the two forms that places need.
package struct OptionMistake: Error, Sendable, Hashable {
    /// The requirement, to follow the name of the option: `must be from 0 to 255`.
    package let requirement: String
    /// The requirement with the value, where that helps: `must be from 0 to 255, not 256`.
    package let complaint: String
    /// The end of a sentence that begins with the text of the value: `is more than 255`.
    /// `nil` for a value of the wrong type, which has no text worth quoting.
    package let problem: String?
    /// What to write instead, if known.
    package let advice: String?

    /// A mistake that states the requirement and the value.
    init(must requirement: String, not input: OptionInput, problem: String?, advice: String? = nil) {
        self.requirement = "must \(requirement)"
        complaint = "must \(requirement), not \(input.shown)"
        self.problem = problem
        self.advice = advice
    }

    /// A mistake whose text does not end with the value.
    init(_ complaint: String, problem: String?, advice: String? = nil) {
        requirement = complaint
        self.complaint = complaint
        self.problem = problem
        self.advice = advice
    }
}
