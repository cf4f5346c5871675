"""What one update of policy and critic costs, beside a plain re-statement of the released code's update."""
