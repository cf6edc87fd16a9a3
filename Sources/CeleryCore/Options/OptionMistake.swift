/// Why a value is none that an option takes, in the two forms that places need.
package struct OptionMistake: Error, Sendable, Hashable {
    /// What the value has to be, to be said after the name of the option: `must be from 0 to 255`.
    package let requirement: String
    /// The same with the value, where that helps: `must be from 0 to 255, not 256`.
    package let complaint: String
    /// The end of a sentence that begins with the text of the value: `is more than 255`.
    /// `nil` for a value of the wrong type, which has no text worth repeating.
    package let problem: String?
    /// What to write instead, if that can be said.
    package let advice: String?

    /// A mistake that names what was required and what came instead.
    init(must requirement: String, not input: OptionInput, problem: String?, advice: String? = nil) {
        self.requirement = "must \(requirement)"
        complaint = "must \(requirement), not \(input.shown)"
        self.problem = problem
        self.advice = advice
    }

    /// A mistake whose words do not end in the value.
    init(_ complaint: String, problem: String?, advice: String? = nil) {
        requirement = complaint
        self.complaint = complaint
        self.problem = problem
        self.advice = advice
    }
}
