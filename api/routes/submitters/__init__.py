"""What people who submit jobs call: jobs, files, results, what they used."""
