extension OptionValues {
    /// What is wrong with both time limits together; `nil` if nothing is. The text follows a name.
    package var timeLimitComplaint: String? {
        let common = CommonOptions.table
        guard case .some(.some(let soft)) = self[common.softTimeLimit], case .some(.some(let hard)) = self[common.timeLimit], soft >= hard else { return nil }
        return "has soft_time_limit, which must be less than time_limit"
    }
}
